"""A player that starts nothing: a test plays the child itself."""


class FakePlayer:
    """`started` holds what was asked for; `end` lets a child end, `signals` are those that it got."""

    def __init__(self):
        self.started = []
        self.signals = []
        self.play = None

    def start(self, function, arguments, *, log, ended=lambda status: None, **more):
        number = len(self.started) + 1
        self.started.append((function, list(arguments), ended))
        if self.play is not None:
            self.play(number)
        return number

    def signal(self, child, number):
        self.signals.append((child, number))

    def services(self):
        return {}

    def end(self, number, status=0):
        self.started[number - 1][2](status)
