"""Tables of a study's database; migrations/study makes them and the triggers that keep every row."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

METADATA = MetaData()

STUDY = Table(
    "study",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("study_uid", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    # Which codec made the payloads; a study never changes it.
    Column("codec", Text, nullable=False),
    # Where the images were when the study was made; another place can be named when it is opened.
    Column("library", Text, nullable=False),
)

PLANS = Table(
    "plans",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("toml", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("made_at", Text, nullable=False),
)

ORDERS = Table(
    "orders",
    METADATA,
    Column("plan_number", Integer, primary_key=True),
    Column("reader", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("case_code", Text, nullable=False),
    Column("presentation", Integer, nullable=False),
)

JOURNAL = Table(
    "journal",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("reader", Text, nullable=False),
    Column("case_code", Text, nullable=False),
    Column("presentation", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False, server_default=""),
    UniqueConstraint(
        "reader", "case_code", "presentation", "version", "sequence", name="uq_journal_read_sequence"
    ),
)

LOCKS = Table(
    "locks",
    METADATA,
    Column("reader", Text, primary_key=True),
    Column("case_code", Text, primary_key=True),
    Column("presentation", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("signer", Text, nullable=False),
    Column("meaning", Text, nullable=False),
    Column("locked_at", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("blinding_held", Boolean, nullable=False),
    Column("remark", Text, nullable=False),
    Column("after_unsealing", Boolean, nullable=False),
)

AMENDMENTS = Table(
    "amendments",
    METADATA,
    Column("reader", Text, primary_key=True),
    Column("case_code", Text, primary_key=True),
    Column("presentation", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("post_comparison", Boolean, nullable=False),
)

RECONCILE_JOURNAL = Table(
    "reconcile_journal",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("case_code", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False, server_default=""),
    UniqueConstraint("case_code", "sequence", name="uq_reconcile_case_sequence"),
)

RECONCILE_SIGNATURES = Table(
    "reconcile_signatures",
    METADATA,
    Column("case_code", Text, primary_key=True),
    Column("signer", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("signed_at", Text, nullable=False),
)

RECONCILE_CLOSED = Table(
    "reconcile_closed",
    METADATA,
    Column("case_code", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("closed_at", Text, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False, server_default=""),
)

# From here on: sealed studies only.

SHEETS = Table(
    "sheets",
    METADATA,
    Column("reader", Text, primary_key=True),
    Column("case_code", Text, primary_key=True),
    Column("presentation", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("plan_digest", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("key_box", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

OPENINGS = Table(
    "openings",
    METADATA,
    Column("reader", Text, primary_key=True),
    Column("case_code", Text, primary_key=True),
    Column("presentation", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("recipient", Text, primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("box", LargeBinary, nullable=False),
    Column("opener", Text, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

PLAN_SIGNATURES = Table(
    "plan_signatures",
    METADATA,
    Column("plan_number", Integer, primary_key=True, autoincrement=False),
    Column("signer", Text, primary_key=True),
    Column("signature", LargeBinary, nullable=False),
    Column("signed_at", Text, nullable=False),
)

# From here on: studies on two machines only.

MACHINE = Table(
    "machine",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # Empty table: the study itself. A row: the copy on the machine of this reader.
    Column("reader", Text, nullable=False),
)

RETURNED = Table(
    "returned",
    METADATA,
    # The study logs of readers' own machines as they came back, each a chain of its own.
    Column("reader", Text, primary_key=True),
    *(Column(one.name, one.type, primary_key=one.primary_key, nullable=False) for one in AUDIT.c),
)

# From here on: studies with secret orders only.

ORDER_SEEDS = Table(
    "order_seeds",
    METADATA,
    Column("reader", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("box", LargeBinary, nullable=False),
    Column("commitment", Text, nullable=False),
    Column("drawn_by", Text, nullable=False),
    Column("drawn_at", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

TOLD_READS = Table(
    "told_reads",
    METADATA,
    Column("reader", Text, primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("case_code", Text, nullable=False),
    Column("presentation", Integer, nullable=False),
    Column("told_by", Text, nullable=False),
    Column("told_at", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
