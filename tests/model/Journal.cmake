# The algorithm of a journal: Journal.h.
mpsmtp_model(journal JournalModel.cpp tests/model/Journal.cpp)
set(file tests/model/Journal.cpp)

mpsmtp_mutant(journal tells_before_the_write ${file}
    [[batch.isDurable = isDurable;]] [[batch.isDurable = true;]]
    "the outcome of a write is told to all of its batch and to nobody else")
mpsmtp_mutant(journal does_not_wait_for_its_batch ${file}
    [[if (_hasLeader)
            _batchIsDone.wait(lock);]] [[if (_hasLeader)
            return true;]]
    "nobody returns before their record is written")
mpsmtp_mutant(journal lets_two_lead ${file}
    [[_hasLeader = true;]] [[]]
    "no segment is overwritten before its checkpoint")
mpsmtp_mutant(journal wakes_nobody ${file}
    [[_batchIsDone.notify_all();]] [[]]
    "no thread is left waiting")
mpsmtp_mutant(journal does_not_tell_of_room ${file}
    [[++_failures;
    _room.notify_all();]] [[++_failures;]]
    "no thread is left waiting")
mpsmtp_mutant(journal reuses_a_full_segment ${file}
    [[if (!_segments[other].isSealed)]] [[if ((_segments[other].used = 0) == 0)]]
    "no segment is written during its checkpoint")
mpsmtp_mutant(journal writes_behind_a_failure ${file}
    [[if (!isDurable || _segments]] [[if (isDurable && _segments]]
    "nothing is written behind a write that failed")
mpsmtp_mutant(journal holds_the_mutex ${file}
    [[lock.unlock();
    const bool isDone = _disk.checkpoint(segment);
    lock.lock();]] [[const bool isDone = _disk.checkpoint(segment);]]
    "no mutex is held during a checkpoint")
mpsmtp_mutant(journal frees_what_failed ${file}
    [[if (isDone)]] [[if (isDone || _failures == 0)]]
    "no segment is overwritten before its checkpoint")
