"""The labels of stages and modes, in English and Chinese."""

from pydantic import BaseModel

from contracts.customer import Mode, Stage


class Label(BaseModel):
    en: str
    zh: str


STAGES = {
    Stage.NEW: Label(en="New", zh="新客户"),
    Stage.INTERESTED: Label(en="Interested", zh="意向"),
    Stage.SIGNED: Label(en="Signed", zh="签约"),
    Stage.ESTABLISHED: Label(en="Established", zh="老客户"),
    Stage.LOST: Label(en="Lost", zh="流失"),
}
MODES = {
    Mode.FOLLOW_UP: Label(en="Follow-up", zh="跟进"),
    Mode.MAINTENANCE: Label(en="Maintenance", zh="维护"),
}
