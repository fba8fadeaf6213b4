"""A callback that plays given logs."""

from pydl import callbacks


class Feed(callbacks.Callback):
    """Writes the given value of each epoch into the logs: a training of known course."""

    def __init__(self, **series):
        super().__init__()
        self.series = series

    def on_epoch_end(self, epoch, logs=None):
        logs.update({name: values[epoch] for name, values in self.series.items()})
