# The journal of maildir and mh: plugins/common/journal, over a disk that is a model.
mpsmtp_model(journal "JournalModel.cpp;JournalDisk.cpp" plugins/common/journal/Journal.cpp
    plugins/common/journal/Batch.cpp plugins/common/journal/Checkpoints.cpp plugins/common/journal/Format.cpp
    plugins/common/journal/Journals.cpp plugins/common/journal/SegmentPair.cpp plugins/common/journal/Users.cpp)
target_link_libraries(model_journal_code PUBLIC ZLIB::ZLIB)
set(file plugins/common/journal/Journal.cpp)
set(batch plugins/common/journal/Batch.cpp)
set(segments plugins/common/journal/SegmentPair.cpp)
set(checkpoints plugins/common/journal/Checkpoints.cpp)

mpsmtp_mutant(journal does_not_wait_for_its_batch ${file}
    [[        await(ticket, lock);]] [[        return Entry(*this, 0, 0);]]
    "nobody returns before their record is written")
mpsmtp_mutant(journal tells_that_all_is_well ${file}
    [[return Outcome::Refused;
    }]] [[return Outcome::Stored;
    }]]
    "the outcome of a write is told to all of its batch and to nobody else")
mpsmtp_mutant(journal lets_two_lead ${file}
    [[if (std::exchange(_isBusy, true))]] [[if (_isBusy)]]
    "one thread at a time writes into the journal")
mpsmtp_mutant(journal writes_into_a_closed_segment ${segments}
    [[if (use.state == Use::State::Open && use.segment.room()]] [[if (use.state != Use::State::Free && use.segment.room()]]
    "nothing is written into a segment behind its checkpoint")
mpsmtp_mutant(journal ends_what_is_held ${checkpoints}
    [[return use->state == Use::State::Open || use->entries != 0;]] [[return use->state == Use::State::Open;]]
    "no use ends before a sync that began when all of its files were in place")
mpsmtp_mutant(journal ends_without_a_sync ${checkpoints}
    [[uses.front()->segment.syncFileSystem(user.storage());]] [[]]
    "no use ends before a sync that began when all of its files were in place")
mpsmtp_mutant(journal begins_what_waits_for_its_checkpoint ${segments}
    [[if (use.state != Use::State::Free)]] [[if (use.state == Use::State::Open)]]
    "no segment is begun again before its use has ended")
mpsmtp_mutant(journal writes_behind_a_failure ${file}
    [[_segments.refuse();]] [[]]
    "nothing is written behind a write that failed")
mpsmtp_mutant(journal trusts_a_failed_checkpoint ${checkpoints}
    [[use->segment.distrust(user.storage());]] [[]]
    "a journal's end leaves no segment in use but those whose checkpoint has failed")
mpsmtp_mutant(journal frees_what_failed ${checkpoints}
    [[if (!isDone)
        _segments.refuse();
    for (Use* use : uses)
        use->state = isDone ? Use::State::Free : Use::State::Kept;]]
    [[for (Use* use : uses)
        use->state = Use::State::Free;]]
    "no segment is begun again before its use has ended")
mpsmtp_mutant(journal tries_again_what_failed ${checkpoints}
    [[use->state = isDone ? Use::State::Free : Use::State::Kept;]]
    [[{ use->state = isDone ? Use::State::Free : Use::State::Closed; _hasFailed = false; }]]
    "a segment whose checkpoint has failed stays")
mpsmtp_mutant(journal wakes_nobody ${file}
    [[ticket->wake.give();]] [[(void)0;]]
    "no thread is left waiting")
mpsmtp_mutant(journal leaves_the_next_batch ${file}
    [[next->wake.give();]] [[(void)0;]]
    "no thread is left waiting")
mpsmtp_mutant(journal ends_the_lead_that_it_hands_on ${file}
    [[_isBusy = next != nullptr;]] [[_isBusy = false;]]
    "one thread at a time writes into the journal")
mpsmtp_mutant(journal keeps_the_lead ${file}
    [[_isBusy = next != nullptr;]] [[]]
    "no thread is left waiting")
mpsmtp_mutant(journal wakes_before_it_tells ${file}
    [[        ticket->outcome = outcome;
        if (ticket != &own)
            ticket->wake.give(); // afterwards the ticket may be gone]]
    [[        if (ticket != &own)
            ticket->wake.give();
        ticket->outcome = outcome;]]
    "the outcome of a write is told to all of its batch and to nobody else")
mpsmtp_mutant(journal wakes_twice ${file}
    [[        if (ticket != &own)
            ticket->wake.give(); // afterwards the ticket may be gone]]
    [[        if (ticket != &own)
            ticket->wake.give();
        if (ticket != &own)
            ticket->wake.give();]]
    "no semaphore is used that is gone")
mpsmtp_mutant(journal waits_for_ever ${segments}
    [[_changed.wait_until(lock, deadline) == std::cv_status::timeout]] [[(_changed.wait(lock), false)]]
    "no thread is left waiting")
mpsmtp_mutant(journal loses_an_entrys_end ${segments}
    [[if (--use.entries == 0 && use.state == Use::State::Closed)
        _changed.notify_all();]] [[--use.entries;]]
    "no append fails while a segment can come free")
mpsmtp_mutant(journal ends_without_a_checkpoint ${checkpoints}
    [[if (!_isStopping && now <]] [[if (now <]]
    "a journal's end leaves no segment in use but those whose checkpoint has failed")
mpsmtp_mutant(journal holds_the_mutex ${file}
    [[lock.unlock();
    const bool isStored = store(use->segment, batch, parts);
    lock.lock();]] [[const bool isStored = (use->segment.append(parts, batch.octets, _users.borrow().storage()), true);]]
    "no mutex is held during I/O")
mpsmtp_mutant(journal logs_under_the_mutex ${file}
    [[lock.unlock();
        _users.borrow().log().error(error.what());
        lock.lock();]] [[_users.borrow().log().error(error.what());]]
    "no mutex is held while a line is logged")
mpsmtp_mutant(journal takes_half_a_batch ${batch}
    [[tickets.reserve(std::min(waiting.size(), mostTickets));]] [[]]
    "no thread is left waiting")
mpsmtp_mutant(journal forgets_a_cancellation ${file}
    [[use->entries -= batch.tickets.size();]] [[use->entries -= batch.tickets.size();
        _cancelled.clear();]]
    "a cancellation goes with the next record that is stored")
mpsmtp_mutant(journal opens_twice plugins/common/journal/Journals.cpp
    [[journals._changed.wait(lock, [&place] { return !place.isTaken; });]] [[]]
    "all handlers of a store get the same journal")
mpsmtp_mutant(journal ends_without_a_turn ${file}
    [[const Journals::Turn turn(Journals::ofProcess(), journal->_prefix);]] [[]]
    "who comes while others leave gets a journal")
mpsmtp_mutant(journal borrows_from_who_has_left ${file}
    [[journal->_users.leave(user);]] [[(void)user;]]
    "the journal works with nothing of a handler that is gone")
mpsmtp_mutant(journal lets_go_behind_its_turn ${file}
    [[journal->_users.leave(user);
    journal.reset();]] [[journal->_users.leave(user);
    else
        journal.reset();]]
    "no thread goes where there is no memory")
set(file plugins/common/journal/Users.cpp)
mpsmtp_mutant(journal does_not_wait_for_its_uses ${file}
    [[_unused.wait(lock, [place] { return place->uses == 0; });
    _leaving.erase(place);]] [[]]
    "the journal works with nothing of a handler that is gone")
mpsmtp_mutant(journal tells_nobody_who_leaves ${file}
    [[_unused.notify_all();]] [[(void)0;]]
    "no thread is left waiting")
