"""What nothing runs but a person who says why: the decisions about the model in force."""

from churn_spark.stages.promotion import PROMOTE, ROLLBACK
from churn_spark.stages.recalibration import RECALIBRATE

BY_HAND = (PROMOTE, ROLLBACK, RECALIBRATE)
