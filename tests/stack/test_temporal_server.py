"""The embedded Temporal server, really started."""

from pathlib import Path

import pytest

from cli.ports import answers, free_port
from cli.processes import StackTrouble
from cli.temporal_server import EmbeddedTemporal, temporal_program


def test_the_server_serves_with_its_ui_and_keeps_its_data_in_a_file(tmp_path: Path) -> None:
    server = EmbeddedTemporal(tmp_path / "home", ui_port=free_port())
    try:
        assert server.start() == f"127.0.0.1:{server.port}"
        assert server.missing_search_attributes() == set()
        assert answers("127.0.0.1", server.ui_port or 0)
        assert (tmp_path / "home" / "temporal.db").is_file()
    finally:
        server.stop()
    assert not answers("127.0.0.1", server.port)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "temporal.db").mkdir()
    with pytest.raises(StackTrouble, match=r"Temporal did not start .* its last words: .*unable to open database file"):
        EmbeddedTemporal(tmp_path).start()


def test_a_configured_program_comes_first_and_must_exist(tmp_path: Path) -> None:
    own = tmp_path / "temporal"
    own.write_text("", encoding="utf-8")
    assert temporal_program(str(own)) == str(own)
    with pytest.raises(StackTrouble, match="TEMPORAL_BIN"):
        temporal_program(str(tmp_path / "missing"))
    assert Path(temporal_program()).name == "temporal"
