"""The section `alerts` resolved."""

from churn_spark.definitions.actions import Alerts, HighRisk, Line, RiskJump, Silent, Wave
from churn_spark.settings.alert_texts import templates
from churn_spark.settings.alerts import (
    AlertsSection,
    HighRiskSection,
    LineSection,
    RiskJumpSection,
    SilentSection,
    WaveSection,
)


def alerts(section: AlertsSection) -> Alerts:
    """The rules of alerts, with their templates."""
    wave = section.wave or WaveSection()
    return Alerts(
        high_risk=_high_risk(section.high_risk) if section.high_risk else None,
        risk_jump=_risk_jump(section.risk_jump) if section.risk_jump else None,
        silent=_silent(section.silent) if section.silent else None,
        cooldown_days=section.cooldown_days,
        wave=Wave(float(wave.times), wave.dates),
        reasons=section.reasons,
        language=section.language,
        texts=templates(section),
    )


def _high_risk(section: HighRiskSection) -> HighRisk:
    return HighRisk(_line(section), tuple((name, _line(line)) for name, line in section.by_audience.items()))


def _line(section: LineSection) -> Line:
    if section.tier is not None:
        return Line("tier", tier=section.tier)
    if section.risk is not None:
        return Line("risk", risk=float(section.risk))
    if section.riskiest is not None:
        return Line("riskiest", customers=section.riskiest)
    return Line("model")


def _risk_jump(section: RiskJumpSection) -> RiskJump:
    others = tuple((name, float(one.rise)) for name, one in section.by_audience.items())
    return RiskJump(float(section.rise), section.within_days, others)


def _silent(section: SilentSection) -> Silent:
    others = tuple((name, float(one.times)) for name, one in section.by_audience.items())
    return Silent(section.feature, float(section.times), others)
