/* The way down with sockets that outlive the server (systemd's): server/net (SmtpServer::stop, Acceptor::hold, AcceptSocket::holdStill
   and retire, AdmissionFilter, Watch with its spare, ConnectionRegistry, ClientSocket), and the next process behind it.
   shutdown.pml has the way down with sockets of its own; what is there and not here: reloads, and handlers of two configurations.

   One listening socket, which is nobody's to shut; two clients, each with one mail, which come at any time, and come again to the
   next process if they were not told 250. What must hold: who waits in the backlog is greeted by this process or by the next one, never
   refused and never forgotten; who was accepted gets a greeting, and is left alone until its first transaction or until its spare
   time is over; nobody between transactions holds up the stop until the grace is over; no mail is stored twice.

   What is left to others: a limit of connections and a want of threads (their refusals hold as always), octets, a process that
   is killed. Each -DMUTANT=n is one mistake, which the search must find:
   1 the flag goes up before the acceptor holds         2 nobody waits until the acceptor holds
   3 nobody waits until who was accepted has a thread   4 the backlog is refused, as that of an own socket
   5 the socket is shut down, not only closed           6 nobody ends the spares
   7 a transaction does not end the spare
   8 a session looks at the flag before it says that it waits

   That stopWaiting() forgets a spare before it looks whether the session waits is not among them: the model holds with the other
   order too, since a session that did not see it has seen the clock. */

#ifndef MUTANT
#define MUTANT 0
#endif
#define CLIENTS 2

mtype = { outside, backlog, accepted, queued, working, idle, reading, over };

mtype client[CLIENTS] = outside;
byte stored[CLIENTS];      /* copies of its mail */
bool got250[CLIENTS];
bool isSpared[CLIENTS];    /* Watch::_sparedUntil is not 0 */
bool timeOver[CLIENTS];    /* … and has passed */
bool hadTransaction[CLIENTS];
bool sleeps[CLIENTS];      /* waits for a command, and only the client or the registry can end that */
bool shutRead[CLIENTS];    /* the registry has woken it: shutdown(SHUT_RD) */
bool ofOld[CLIENTS];       /* in the registry of the old process */
byte size = 0;             /* of that registry */
bool registryLock = false; /* its mutex: a sweep and the begin of the shutdown do not mix */
bool isDead = false;       /* the socket, for whoever has it */
bool holds = false, woken = false, still = false;
bool shuttingDown = false, graceOver = false, cutAll = false;
bool stopped = false;      /* the old process has ended, and the next one begins */
bool handlerRuns = true;   /* those of the old process */
byte clientsGone = 0;

/* It comes, perhaps, and once more if it does not know that its mail was taken. */
proctype Client(byte i) {
    byte tries = 0;
    do
    :: tries == 0 || (tries == 1 && stopped) ->
         atomic {
             assert(!isDead);            /* nobody is refused by the kernel */
             client[i] = backlog; tries++
         }
         client[i] == over;
         if
         :: got250[i] -> break
         :: !got250[i] -> skip
         fi
    :: break
    od;
    clientsGone++
}

inline admit(i) {
    atomic {
        client[i] = queued; ofOld[i] = true; size++;
        isSpared[i] = true; timeOver[i] = false; shutRead[i] = false; hadTransaction[i] = false
    }
}

/* AcceptSocket::poll() of the old process: it looks whether it holds, then waits for a client or to be woken. */
proctype Acceptor() {
    byte i;
    do
    :: holds -> still = true; break
    :: !holds ->
         i = CLIENTS;
         if
         :: woken -> skip
         :: atomic { !woken && client[0] == backlog -> i = 0; client[0] = accepted }
         :: atomic { !woken && client[1] == backlog -> i = 1; client[1] = accepted }
         fi;
         if
         :: i < CLIENTS ->
              assert(!shuttingDown); /* AdmissionFilter: 421 to one whom the next process would have greeted */
              admit(i);
              run Session(i)
         :: else
         fi
    od
}

/* A connection's thread in the old process (SmtpConnection::serve). */
proctype Session(byte i) {
    bool wasOver;
    if
    :: atomic { client[i] == queued -> client[i] = working }
    :: client[i] == over -> goto end
    fi;
    wasOver = timeOver[i];
    if
    :: shuttingDown && (wasOver || !isSpared[i]) -> goto tell421
    :: else
    fi;
again:
    /* Watch::wait(Idle), then isShuttingDown(): the clock is read before what it is compared with. */
#if MUTANT == 8
    wasOver = timeOver[i];
    if
    :: shuttingDown && (wasOver || !isSpared[i]) -> goto tell421
    :: else
    fi;
    client[i] = idle;
#else
    client[i] = idle;
    wasOver = timeOver[i];
    if
    :: shuttingDown && (wasOver || !isSpared[i]) -> goto tell421
    :: else
    fi;
#endif
    sleeps[i] = true;
    if
    :: atomic { shutRead[i] -> sleeps[i] = false } goto tell421
    :: atomic { cutAll -> sleeps[i] = false } goto gone
    :: atomic { client[i] == idle && !shutRead[i] && !cutAll -> client[i] = working; sleeps[i] = false } goto again /* EHLO, NOOP */
    :: atomic { client[i] == idle && !shutRead[i] && !cutAll && !got250[i] -> client[i] = reading; sleeps[i] = false } /* MAIL … DATA */
    :: atomic { !cutAll -> sleeps[i] = false } goto gone                                                        /* QUIT or a reset */
    fi;
    hadTransaction[i] = true; /* wait(Reading) */
#if MUTANT != 7
    isSpared[i] = false;
#endif
    if
    :: cutAll -> goto gone /* it never sends its final dot */
    :: atomic { !cutAll -> client[i] = working }
    fi;
    assert(handlerRuns);
    stored[i]++;
    if
    :: atomic { !cutAll -> got250[i] = true }
    :: cutAll -> goto gone
    fi;
    goto again;
tell421:
    assert(hadTransaction[i] || timeOver[i]); /* the spare is what it was promised */
gone:
    atomic { ofOld[i] = false; size--; client[i] = over; isSpared[i] = false };
end:
    skip
}

/* The next process, which does not stop: whoever comes to it is greeted. */
proctype Next() {
    stopped;
    do
    :: atomic { client[0] == backlog -> stored[0]++; got250[0] = true; client[0] = over }
    :: atomic { client[1] == backlog -> stored[1]++; got250[1] = true; client[1] = over }
    :: clientsGone == CLIENTS -> break
    od
}

/* Time is up for who has just come; half of the grace at the latest. */
proctype Clock() {
    do
    :: atomic { isSpared[0] && !timeOver[0] -> timeOver[0] = true }
    :: atomic { isSpared[1] && !timeOver[1] -> timeOver[1] = true }
    :: stopped -> break
    od
}

/* Watch::stopWaiting(), with the registry's mutex held, step by step as the session sees it. */
inline stopWaiting(i) {
    isSpared[i] = false;
    atomic {
        if
        :: client[i] == idle && ofOld[i] -> shutRead[i] = true
        :: else
        fi
    }
}

inline lock() { atomic { !registryLock -> registryLock = true } }
inline unlock() { registryLock = false }

/* ConnectionRegistry::endSpares() */
proctype Reaper() {
#if MUTANT != 6
    do
    :: shuttingDown && isSpared[0] && timeOver[0] && ofOld[0] ->
         lock(); if :: isSpared[0] && timeOver[0] && ofOld[0] -> stopWaiting(0) :: else fi; unlock()
    :: shuttingDown && isSpared[1] && timeOver[1] && ofOld[1] ->
         lock(); if :: isSpared[1] && timeOver[1] && ofOld[1] -> stopWaiting(1) :: else fi; unlock()
    :: stopped -> break
    od
#else
    stopped
#endif
}

inline beginShutdown() {
    shuttingDown = true;
    lock();
    if :: ofOld[0] && (!isSpared[0] || timeOver[0]) -> stopWaiting(0) :: else fi;
    if :: ofOld[1] && (!isSpared[1] || timeOver[1]) -> stopWaiting(1) :: else fi;
    unlock()
}

/* SmtpServer::stop(), ServerApp::stop() */
proctype Main() {
#if MUTANT == 1
    beginShutdown();
#endif
    holds = true; /* AcceptSocket::hold() */
    woken = true;
#if MUTANT != 2
    still;        /* Acceptor::awaitHeld() */
#endif
#if MUTANT != 3
    client[0] != queued && client[1] != queued;
#endif
#if MUTANT != 1
    beginShutdown();
#endif
    /* Acceptor::stop(): POCO's queue is cleared, and ClientSocket refuses who is still in it; retire() closes our duplicate. */
    atomic { assert(client[0] != queued && client[1] != queued) }
#if MUTANT == 4
    atomic { assert(client[0] != backlog && client[1] != backlog) } /* they are told 421 */
#endif
#if MUTANT == 5
    isDead = true;
#endif
    /* awaitEmpty(grace): it is twice as long as a spare, and a sweep comes ten times a second. */
    if
    :: size == 0 -> skip
    :: atomic {
           (!ofOld[0] || timeOver[0] || hadTransaction[0]) && (!ofOld[1] || timeOver[1] || hadTransaction[1]) &&
#if MUTANT != 6
           !(ofOld[0] && isSpared[0] && timeOver[0]) && !(ofOld[1] && isSpared[1] && timeOver[1]) &&
#endif
           !registryLock -> graceOver = true;
           assert(!(sleeps[0] && ofOld[0] && !shutRead[0]) && !(sleeps[1] && ofOld[1] && !shutRead[1]))
       }
       cutAll = true;
       size == 0
    fi;
    handlerRuns = false;
    stopped = true
}

init {
    byte i;
    atomic {
        run Client(0); run Client(1);
        run Clock(); run Acceptor(); run Reaper(); run Main(); run Next()
    }
    /* An end: every process has ended by then, or Spin reports an invalid end state (a thread that is left waiting). */
    _nr_pr == 1;
    assert(stopped && size == 0);
    for (i : 0 .. CLIENTS - 1) {
        assert(client[i] == outside || client[i] == over); /* nobody is left in the backlog, or without a thread */
        assert(stored[i] <= 1 || graceOver)
    }
}
