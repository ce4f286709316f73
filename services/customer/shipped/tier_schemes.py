"""The shipped tier schemes. Their rules apply once they are published, unchanged or changed."""

from contracts.customer import TierDecision, TierRule, TierSchemePublished

NOT_IN_FORCE = 0
DEFAULT = "default"


def scheme(name: str, *tiers: TierRule) -> TierSchemePublished:
    return TierSchemePublished.model_construct(
        name=name,
        number=NOT_IN_FORCE,
        decision=TierDecision.PROPOSED,
        window_days=365,
        currency="CNY",
        tiers=tiers,
    )


SCHEMES = (
    scheme(
        DEFAULT,
        TierRule(
            tier="vip",
            en="VIP",
            zh="重点（VIP）",
            when='amount >= 500000 || (years >= 5 && orders >= 4) || (influence == "high" && orders >= 1)',
        ),
        TierRule(tier="growth", en="Growth", zh="成长型", when='amount >= 50000 || orders >= 2 || potential == "high"'),
        TierRule(tier="ordinary", en="Ordinary", zh="普通"),
    ),
    scheme(
        "abc",
        TierRule(tier="a", en="A", zh="A级", when="amount >= 500000 && orders + contacts >= 12 && years >= 2"),
        TierRule(tier="b", en="B", zh="B级", when="amount >= 100000 || orders + contacts >= 12 || years >= 5"),
        TierRule(tier="c", en="C", zh="C级"),
    ),
)
SHIPPED = {each.name: each for each in SCHEMES}
