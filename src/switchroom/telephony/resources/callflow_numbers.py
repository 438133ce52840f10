"""Numbers of callflows: extensions, codes of features, and telephone numbers."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, OfOrganization
from switchroom.telephony.resources.numbers import LONGEST_NUMBER


class CallflowNumber(OfOrganization, Base):
    """The callflow of a number of an account."""

    __tablename__ = "callflow_numbers"

    # The primary key begins with it.
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[str] = mapped_column(String(LONGEST_NUMBER + 1), primary_key=True)
    callflow_id: Mapped[int] = mapped_column(ForeignKey("callflows.id", ondelete="CASCADE"), index=True)
