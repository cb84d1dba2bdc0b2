"""Uploads one file by XEP-0363, as its plugin does it: upload.py JID PASSWORD HOST PORT SERVICE FILE"""

from pathlib import Path

from slixmpp import JID

from client import Client, arguments, tell


class Uploader(Client):
    def __init__(self, jid, password, service, path):
        super().__init__(jid, password)
        self.register_plugin("xep_0363")
        self.service = service
        self.path = Path(path)
        self.add_event_handler("session_start", self.start)

    async def start(self, _):
        try:
            uploads = self["xep_0363"]
            # slixmpp 1.8 cannot look for a service itself: it hands coroutines to asyncio.wait, which Python 3.11 forbids.
            uploads.upload_service = JID(self.service)
            uploads.max_file_size = float("inf")
            tell("done", url=await uploads.upload_file(self.path, timeout=30))
            self.finish()
        except Exception as error:
            self.fail(repr(error))


jid, password, host, port, service, path = arguments(6)
Uploader(jid, password, service, path).run(host, port)
