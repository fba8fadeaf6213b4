"""CSVLogger: columns, rows, append."""

from pydl import callbacks
from tests.callback_feed import Feed


def test_append_adds_rows_and_no_second_header(model, data, tmp_path):
    path = tmp_path / "log.csv"
    model.fit(*data, epochs=2, verbose=0, callbacks=[callbacks.CSVLogger(path)])
    model.fit(*data, epochs=1, verbose=0, callbacks=[callbacks.CSVLogger(path, append=True)])
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch,loss,acc"
    assert [line.split(",")[0] for line in lines[1:]] == ["0", "1", "0"]


def rows(path, separator=","):
    return [line.split(separator) for line in path.read_text().splitlines()]


def test_columns_that_appear_later_are_added(model, data, tmp_path):
    path = tmp_path / "log.csv"
    model.fit(
        *data, epochs=3, verbose=0, validation_data=data, validation_freq=2, callbacks=[callbacks.CSVLogger(path)]
    )
    table = rows(path)
    assert table[0] == ["epoch", "loss", "acc", "val_loss", "val_acc"]
    assert [row[3] == "NA" for row in table[1:]] == [True, False, True]
    assert all(len(row) == 5 for row in table)
    more = callbacks.CSVLogger(path, append=True)
    model.fit(*data, verbose=0, callbacks=[Feed(watched=[7.0]), more])
    table = rows(path)
    assert table[0] == ["epoch", "loss", "acc", "val_loss", "val_acc", "watched"]
    assert [row[-1] for row in table[1:]] == ["NA", "NA", "NA", "7.0"]
    assert table[-1][3:5] == ["NA", "NA"]
    assert [p.name for p in tmp_path.iterdir()] == ["log.csv"]


def test_file_is_overwritten_unless_append(model, data, tmp_path):
    path = tmp_path / "log.csv"
    for append in (True, True, False):
        model.fit(*data, verbose=0, callbacks=[callbacks.CSVLogger(path, separator=";", append=append)])
    assert [row[0] for row in rows(path, ";")] == ["epoch", "0"]
    path.write_text("")
    model.fit(*data, verbose=0, callbacks=[callbacks.CSVLogger(str(path), append=True)])
    assert [row[0] for row in rows(path)] == ["epoch", "0"]
