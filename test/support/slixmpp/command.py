"""Runs one ad-hoc command: command.py JID PASSWORD HOST PORT COMPONENT NODE CHOICE

Tells the commands it finds, then runs the one of NODE. Where that asks, it takes the first option whose label or value
contains CHOICE. A NODE of "-" only lists.
"""

from client import Client, arguments, tell


class Operator(Client):
    def __init__(self, jid, password, component, node, choice):
        super().__init__(jid, password)
        self.register_plugin("xep_0004")
        self.register_plugin("xep_0050")
        self.component = component
        self.node = node
        self.choice = choice
        self.add_event_handler("session_start", self.start)

    async def start(self, _):
        try:
            found = await self["xep_0050"].get_commands(self.component)
            items = sorted(found["disco_items"]["items"])
            tell("commands", commands=[{"node": node, "name": name} for _, node, name in items])
            if self.node == "-":
                return self.finish()
            session = {"next": self.answered, "error": self.refused}
            self["xep_0050"].start_command(self.component, self.node, session)
        except Exception as error:
            self.fail(repr(error))

    def answered(self, iq, session):
        try:
            command = iq["command"]
            if command["status"] == "executing":
                self.fill_in(command["form"], session)
            else:
                form = command["form"] if command.xml.find("{jabber:x:data}x") is not None else None
                tell(
                    "ended",
                    status=command["status"],
                    notes=[[kind, text] for kind, text in command["notes"]],
                    values=dict(form["values"]) if form is not None else {},
                    rows=[dict(item) for item in form["items"]] if form is not None else [],
                )
                self.finish()
        except Exception as error:
            self.fail(repr(error))

    def fill_in(self, asked, session):
        (var, field), = ((var, field) for var, field in asked.get_fields().items() if field["type"] == "list-single")
        options = field["options"]
        tell("asked", field=var, options=[option["value"] for option in options])
        (value, *_) = (o["value"] for o in options if self.choice in o["value"] or self.choice in o["label"])
        form = self["xep_0004"].make_form(ftype="submit")
        form.add_field(var=var, value=value)
        session["payload"] = form
        self["xep_0050"].complete_command(session)

    def refused(self, iq, session):
        tell("refused", condition=iq["error"]["condition"], type=iq["error"]["type"])
        self.finish()


jid, password, host, port, component, node, choice = arguments(7)
Operator(jid, password, component, node, choice).run(host, port)
