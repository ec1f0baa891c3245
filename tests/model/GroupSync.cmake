# The group commit of the server: delivery/GroupSync.
mpsmtp_model(group_sync GroupSyncModel.cpp server/delivery/GroupSync.cpp)
set(file server/delivery/GroupSync.cpp)

mpsmtp_mutant(group_sync joins_the_running_sync ${file}
    [[std::exchange(group.next, nullptr)]] [[group.next]]
    "nobody returns before a sync that began after they came")
mpsmtp_mutant(group_sync tells_nobody_of_a_failure ${file}
    [[return mine->error;]] [[return 0;]]
    "a failed sync is told to all whom it covered and to nobody else")
mpsmtp_mutant(group_sync tells_the_next_round_too ${file}
    [[round->error = error;]] [[round->error = error; if (group.next) { group.next->error = error; group.next->isDone = error != 0; }]]
    "nobody returns before a sync that began after they came")
mpsmtp_mutant(group_sync wakes_nobody ${file}
    [[group.changed.notify_all();]] [[]]
    "no thread is left waiting")
mpsmtp_mutant(group_sync wakes_one ${file}
    [[group.changed.notify_all();]] [[group.changed.notify_one();]]
    "no thread is left waiting")
mpsmtp_mutant(group_sync lets_two_run ${file}
    [[group.isRunning = true;]] [[]]
    "at most one sync runs at a time")
mpsmtp_mutant(group_sync holds_the_mutex ${file}
    [[lock.unlock();
    const int error = callOrFail(fd);
    lock.lock();]] [[const int error = callOrFail(fd);]]
    "no mutex is held during the system call")
mpsmtp_mutant(group_sync lets_an_exception_through ${file}
    [[const int error = callOrFail(fd);]] [[const int error = _call(fd);]]
    "no exception leaves a thread")
mpsmtp_mutant(group_sync forgets_a_visit ${file}
    [[if (--_group.users == 0)]] [[if (_group.users == 0)]]
    "nothing is left of an inode that nobody syncs")
