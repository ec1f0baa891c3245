"""What a client does to a server in one run. Says nothing of who the server is or where mail is stored."""
from dataclasses import dataclass, replace

SMTP_SOURCE = "smtp-source"  # Postfix's
MPSMTP_LOAD = "mpsmtp_load"  # our own: mailboxes, pipelining, BDAT, LMTP, idle connections, latency


@dataclass(frozen=True)
class Load:
    octets: int
    connections: int
    messages: int
    client: str = MPSMTP_LOAD
    per_connection: int = 0  # messages a connection; 0 is as many as it takes
    recipients: int = 1
    mailboxes: int = 1
    pipeline: str = "none"  # none | transaction | next
    bdat: bool = False
    idle: int = 0  # connections that only stay open
    crowd: str = ""  # who is out for harm meanwhile (crowds.CROWDS)
    crowd_connections: int = 0  # that stay open, of such a crowd

    def changed(self, changes):
        return replace(self, **changes)

    def quick(self):
        """Shows that everything works, and measures nothing."""
        return replace(self, messages=self.connections, octets=min(self.octets, 300_000), idle=min(self.idle, 50),
                       crowd_connections=min(self.crowd_connections, 50))

    @property
    def is_quick(self):
        return self.messages <= self.connections

    def shortened(self, divisor):
        return replace(self, messages=max(self.connections, self.messages // divisor))
