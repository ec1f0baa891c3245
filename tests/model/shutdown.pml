/* The way down and the change of configuration, as a model for Spin: server/net (SmtpServer::stop, Acceptors, AcceptSocket::retire,
   AdmissionFilter, ConnectionRegistry, Watch, ClientSocket) and server/app (ServerApp::waitForStop, HandlerGenerations).

   Main takes signals one after the other, as the real main thread does: a reload that runs when the stop comes is finished
   first, and a reload that comes behind the stop is never looked at. Two generations, one listening address that both
   have, CLIENTS clients with one transaction each.

   What is left to others: octets, timeouts of clients (a client that is silent is one that never sends its final dot; the grace
   ends it), and the group commit (model.group_sync). Each -DMUTANT=n is one mistake, which the search must find:
   1 the backlog is closed without a word      2 a session looks at the flag before it says that it waits
   3 a reload stops the old handlers at once   4 nobody is cut behind the grace
   5 handlers stop without awaiting sessions   6 idle sessions are not woken */

#ifndef MUTANT
#define MUTANT 0
#endif
#define CLIENTS 2

mtype = { outside, backlog, accepted, queued, idle, reading, working, told250, ended, cut, refused };

mtype client[CLIENTS] = outside;
byte served[CLIENTS];       /* the generation that a connection belongs to */
bool dotRead[CLIENTS];      /* the final dot was read */
bool dotBeforeStop[CLIENTS];/* … before the stop */
bool got250[CLIENTS];
bool gotReply[CLIENTS];     /* 250, 421 or the cut: the client knows that it has no 250 */
bool sleeps[CLIENTS];       /* waits for a command, and only the client or the registry can end that */
bool inRegistry[CLIENTS];
bool shutRead[CLIENTS];     /* the registry has woken it: shutdown(SHUT_RD) */
bool isOpen = true;         /* the listening socket */
bool acceptorStops = false, acceptorEnded = false;
bool shuttingDown = false, graceOver = false, cutAll = false;
bool stopSignal = false, reloadSignal = false;
bool stopped = false;       /* the process has ended */
bool handlerRuns[2];        /* of a generation */
byte current = 0;           /* generation of new connections */
byte users[2];              /* sessions of a generation */
byte size = 0;              /* of the registry */

inline leave(i) {
    atomic {
        if
        :: inRegistry[i] -> inRegistry[i] = false; size--; users[served[i]]--
        :: else
        fi
    }
}

/* The kernel's side of a client: it may connect while somebody listens. */
proctype Client(byte i) {
    if
    :: atomic { isOpen && client[i] == outside -> client[i] = backlog }
    :: true /* it never comes */
    fi
}

/* The acceptor's thread: accept, then admit or refuse. */
proctype Acceptor() {
    byte i = 0;
end:
    do
    :: acceptorStops -> break
    :: atomic { !acceptorStops && client[0] == backlog -> i = 0; client[0] = accepted; served[0] = current; users[current]++ }
       goto admit
    :: atomic { !acceptorStops && client[1] == backlog -> i = 1; client[1] = accepted; served[1] = current; users[current]++ }
admit:
       if
       :: shuttingDown ->
            atomic { client[i] = refused; gotReply[i] = true; users[served[i]]-- }
       :: else ->
            atomic {
                inRegistry[i] = true; size++; client[i] = queued;
            }
            run Session(i)
       fi
    od;
    acceptorEnded = true
}

/* A connection's thread (SmtpConnection::serve). */
proctype Session(byte i) {
    /* It may never get as far as a command before the stop: then the greeting is the 421. */
    if
    :: shuttingDown -> goto tell421
    :: else
    fi;
    /* Between transactions: "I wait" is stored before the flag is looked at (Watch::wait, isShuttingDown). */
#if MUTANT == 2
    if
    :: shuttingDown -> goto tell421
    :: else
    fi;
    client[i] = idle;
#else
    client[i] = idle;
    if
    :: shuttingDown -> goto tell421
    :: else
    fi;
#endif
    sleeps[i] = true;
    if
    :: atomic { shutRead[i] -> sleeps[i] = false } goto tell421
    :: atomic { cutAll -> sleeps[i] = false } goto over
    :: atomic { client[i] == idle && !shutRead[i] && !stopped -> client[i] = reading; sleeps[i] = false } /* MAIL … DATA */
    :: atomic { !stopped -> client[i] = ended; gotReply[i] = true; sleeps[i] = false } goto gone          /* QUIT or a reset */
    fi;
    if
    :: true -> cutAll; goto over                              /* it never sends its final dot */
    :: atomic { !cutAll -> dotRead[i] = true; dotBeforeStop[i] = !stopSignal; client[i] = working }
    fi;
    /* Inside the handlers; nothing interrupts it. */
    assert(handlerRuns[served[i]]);                           /* nobody is served by handlers that have stopped */
    if
    :: atomic { !cutAll -> assert(handlerRuns[served[i]]); client[i] = told250; got250[i] = true; gotReply[i] = true }
    :: cutAll -> goto over
    fi;
    if
    :: shuttingDown -> goto tell421
    :: !shuttingDown -> goto gone                             /* QUIT */
    fi;
tell421:
    gotReply[i] = true;
    goto gone;
over:
    client[i] = cut;
    gotReply[i] = true;
gone:
    if
    :: client[i] != cut -> client[i] = ended
    :: else
    fi;
    leave(i)
}

inline wakeIdle() {
    atomic {
        if :: client[0] == idle && inRegistry[0] -> shutRead[0] = true :: else fi;
        if :: client[1] == idle && inRegistry[1] -> shutRead[1] = true :: else fi
    }
}

inline refuseBacklog() {
    atomic {
        if :: client[0] == backlog -> client[0] = refused; gotReply[0] = true :: else fi;
        if :: client[1] == backlog -> client[1] = refused; gotReply[1] = true :: else fi;
    }
}

inline stopHandlers(g) {
    atomic {
        assert(users[g] == 0); /* handlers stop only after the last session that uses them */
        handlerRuns[g] = false
    }
}

proctype Main() {
    bool reloaded = false;
    do
    :: atomic { stopSignal -> break }
    :: atomic { reloadSignal && !reloaded -> reloaded = true; reloadSignal = false }
       handlerRuns[1] = true; /* started before anybody is served by them */
       if
       :: true -> skip        /* a mistake in the file: all stays as it was */
       :: true ->
#if MUTANT == 3
            stopHandlers(0);
#endif
            current = 1
       fi
    :: reloaded && current == 1 && users[0] == 0 && handlerRuns[0] -> stopHandlers(0) /* endOldHandlers() */
    od;
    /* SmtpServer::stop() */
#if MUTANT == 6
    acceptorStops = true;
    acceptorEnded;
    refuseBacklog();
#else
    shuttingDown = true;
    wakeIdle();
    acceptorStops = true;
    acceptorEnded;
#if MUTANT != 1
    refuseBacklog();
#endif
#endif
    isOpen = false;
#if MUTANT != 1
    refuseBacklog(); /* by the kernel: a reset for who came between the last accept and the close */
#endif
    /* awaitEmpty(grace); the grace may end at any time. */
    if
    :: size == 0 -> skip
    :: atomic {
           graceOver = true; /* nobody who waits between transactions was left to wait for it */
           assert(!(sleeps[0] && !shutRead[0]) && !(sleeps[1] && !shutRead[1]));
       }
#if MUTANT != 4
       cutAll = true; /* cutAll(), awaitEmpty(cutTimeout); behind a handler that hangs even then comes _exit() */
#endif
#if MUTANT != 5
       size == 0
#endif
    fi;
    if :: handlerRuns[0] -> stopHandlers(0) :: else fi;
    if :: handlerRuns[1] -> stopHandlers(1) :: else fi;
    stopped = true
}

/* Both signals, in either order; the stop comes in any case. */
proctype Operator() {
    if
    :: reloadSignal = true; stopSignal = true
    :: stopSignal = true; reloadSignal = true
    :: stopSignal = true
    fi
}

init {
    atomic {
        handlerRuns[0] = true;
        run Client(0); run Client(1);
        run Acceptor(); run Main(); run Operator();
    }
    /* An end: every process has ended by then, or Spin reports an invalid end state (a thread that is left waiting). */
    _nr_pr == 1;
    assert(stopped && !handlerRuns[0] && !handlerRuns[1]);
    byte i;
    for (i : 0 .. CLIENTS - 1) {
        assert(!isOpen && client[i] != backlog && client[i] != accepted && client[i] != queued);
        assert(!dotRead[i] || gotReply[i]);
        assert(!dotBeforeStop[i] || graceOver || got250[i])
    }
}
