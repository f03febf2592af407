"""What a node hears of an answer: whatever is lost, repeated or late, a reader gets every word once and in order."""

from hypothesis import given, strategies as st

from conversation_service.runs.frames import BEFORE_THE_FIRST, read_last_event_id
from conversation_service.runs.live import LiveRun, LiveRuns
from shared.ids import new_id

WORDS = [f"{number} " for number in range(1, 31)]
STRETCHES = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 8)), max_size=20)


@given(STRETCHES)
def test_a_reader_that_fills_holes_from_the_database_reads_all_once(stretches: list[tuple[int, int]]) -> None:
    live, read = LiveRun(), list[str]()

    for first, count in [*stretches, (30, 1)]:
        live.accept(first, WORDS[first - 1 : first - 1 + count])
        heard = live.after(len(read))
        read += WORDS[len(read) : live.last] if heard is None else heard

    assert read == WORDS


def test_a_run_is_known_while_somebody_reads_or_writes_it() -> None:
    runs, run_id = LiveRuns(), new_id()
    writing = runs.begin(run_id)

    with runs.follow(run_id) as reading:
        runs.end(run_id)
        assert reading is writing is runs.find(run_id)

    assert runs.find(run_id) is None


@given(st.text(max_size=12))
def test_an_id_that_is_none_of_ours_means_from_the_beginning(text: str) -> None:
    number = read_last_event_id(text)

    assert number == BEFORE_THE_FIRST or str(number) == text.lstrip("0") or int(text) == number
