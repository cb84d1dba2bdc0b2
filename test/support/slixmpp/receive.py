"""Receives one file: receive.py JID PASSWORD HOST PORT DESTINATION"""

from slixmpp.xmlstream.handler import CoroutineCallback
from slixmpp.xmlstream.matcher import StanzaPath

from client import Client, arguments, described, tell


class Receiver(Client):
    def __init__(self, jid, password, destination):
        super().__init__(jid, password)
        self.destination = destination
        self.content = b""
        self.size = None
        # slixmpp 1.8 registers this coroutine as a plain function, so that no offer is ever answered.
        self.remove_handler("SI Request")
        offers = StanzaPath("iq@type=set/si")
        self.register_handler(CoroutineCallback("SI Request", offers, self["xep_0095"]._handle_request))
        self["xep_0047"].auto_accept = True
        self["xep_0065"].auto_accept = True
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("si_request", self.offered)
        self.add_event_handler("socks5_stream", lambda stream: tell("connected", **described(stream)))
        self.add_event_handler("socks5_data", self.socks_data)
        self.add_event_handler("ibb_stream_start", lambda _: tell("connected", method="ibb"))
        self.add_event_handler("ibb_stream_data", lambda stream: self.take(stream.read()))

    async def start(self, _):
        self.send_presence()
        await self.get_roster()
        tell("ready", jid=str(self.boundjid))

    async def offered(self, iq):
        self.size = int(iq["si"]["file"]["size"])
        await self["xep_0095"].accept(iq["from"], iq["si"]["id"], ifrom=self.boundjid)

    def socks_data(self, data):
        self.take(data)

    def take(self, data):
        self.content += data
        if len(self.content) >= self.size:
            with open(self.destination, "wb") as file:
                file.write(self.content)
            tell("done", bytes=len(self.content))
            # The sender's last block is answered and its close taken before we go.
            self.loop.call_later(0.2, self.finish)


jid, password, host, port, destination = arguments(5)
Receiver(jid, password, destination).run(host, port)
