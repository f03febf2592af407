"""Near spellings of words: those that no document has any more are deleted."""

from datetime import datetime
from uuid import UUID

from shared.db.portions import Portion
from shared.db.unit_of_work import Work

LOOKED_AT = 500  # words in one transaction, with one probe of the index of documents for each

_FORGET = "select * from search_forget_words($1, $2, $3)"


class GoneWords:
    """Walks the words of all tenants."""

    def __init__(self) -> None:
        self._reached = (UUID(int=0), "")

    async def delete(self, work: Work, _now: datetime) -> Portion:
        """In system work."""
        row = await work.row(_FORGET, *self._reached, LOOKED_AT)
        if row is None:
            self._reached = (UUID(int=0), "")
            return Portion(0, is_last=True)
        self._reached = (row["tenant_id"], row["word"])
        return Portion(row["deleted"], is_last=False)
