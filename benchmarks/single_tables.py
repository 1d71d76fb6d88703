"""Public data sets of one row per customer, as training sets; with no dates, customers are held out for the test.

They are not part of the project: their files are given by path.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from churn_spark.definitions.modelling import Training
from churn_spark.models.experiment import TrainingData, training_data
from churn_spark.models.split import by_customer

DAY = date(2000, 1, 1)
"""The date that stands in for the one they do not have."""


@dataclass(frozen=True, slots=True)
class SingleTable:
    """A CSV file with a heading.

    customer: the column of the customer's id. label: SQL over the columns, 1 where the customer left or defaulted.
    features: SQL by name; other columns are not used.
    """

    title: str
    source: str
    customer: str
    label: str
    features: Mapping[str, str]


_MONTHS = (0, 2, 3, 4, 5, 6)
_STATES = {f"pay_{n}": f"CAST(PAY_{n} AS DOUBLE)" for n in _MONTHS}
_AMOUNTS = {f"{name.lower()}{n}": f"CAST({name}{n} AS DOUBLE)" for name in ("BILL_AMT", "PAY_AMT") for n in range(1, 7)}
_USED = {f"used_{n}": f"try_divide(CAST(BILL_AMT{n} AS DOUBLE), CAST(LIMIT_BAL AS DOUBLE))" for n in range(1, 7)}
_PAID = {f"paid_{n}": f"try_divide(CAST(PAY_AMT{n} AS DOUBLE), CAST(BILL_AMT{n + 1} AS DOUBLE))" for n in range(1, 6)}

CREDIT_CARD = SingleTable(
    title="credit card clients",
    source="I-C. Yeh, Default of Credit Card Clients, UCI Machine Learning Repository (2016), CC BY 4.0",
    customer="ID",
    label="CAST(`default.payment.next.month` AS INT)",
    features={
        "limit": "CAST(LIMIT_BAL AS DOUBLE)",
        "age": "CAST(AGE AS DOUBLE)",
        "sex": "SEX",
        "education": "EDUCATION",
        "marriage": "MARRIAGE",
        **_STATES,
        **_AMOUNTS,
        **_USED,
        **_PAID,
        "late_months": " + ".join(f"IF(CAST(PAY_{n} AS INT) > 0, 1D, 0D)" for n in _MONTHS),
    },
)

_TEXTS = (
    "gender", "SeniorCitizen", "Partner", "Dependents", "PhoneService", "MultipleLines", "InternetService",
    "OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies", "Contract",
    "PaperlessBilling", "PaymentMethod",
)  # fmt: skip

TELCO = SingleTable(
    title="telco customers",
    source="IBM, Telco Customer Churn, sample data of Watson Analytics (2015)",
    customer="customerID",
    label="IF(Churn = 'Yes', 1, 0)",
    features={
        "tenure": "CAST(tenure AS DOUBLE)",
        "monthly_charges": "CAST(MonthlyCharges AS DOUBLE)",
        "total_charges": "try_cast(TotalCharges AS DOUBLE)",
        **{name.lower(): name for name in _TEXTS},
    },
)


def read(spark: SparkSession, table: SingleTable, path: Path) -> DataFrame:
    """customer_id, as_of_date, label and the features."""
    rows = spark.read.csv(str(path.resolve()), header=True)
    return rows.select(
        F.col(f"`{table.customer}`").alias("customer_id"),
        F.lit(DAY).alias("as_of_date"),
        F.expr(table.label).alias("label"),
        *(F.expr(sql).alias(name) for name, sql in table.features.items()),
    )


def prepared(spark: SparkSession, table: SingleTable, path: Path, settings: Training) -> TrainingData:
    """The training set of a data set; 30 % of its customers are the test."""
    parts = by_customer([DAY], DAY, str(path))
    return training_data(read(spark, table, path), parts, dict.fromkeys(table.features, ""), {}, settings)
