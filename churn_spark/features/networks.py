"""The network of a month: how central a customer is among those in contact, and which community it belongs to.

A graph is made of the contacts between customers of ours in a window that ends before the first day of a month, as
known on that day; so it is computed once a month. Everything is counted in whole numbers, and ties go to the smallest
id: nothing depends on the order of rows. All graphs of a source (months, windows) go through the rounds together.
"""

from collections.abc import Callable, Collection
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from churn_spark.definitions.features import Feature
from churn_spark.features.as_of import KEY, seen_at
from churn_spark.features.customers import since_first

Checkpoint = Callable[[DataFrame], DataFrame]
"""Computes rows now and cuts their plan off (a local checkpoint): every round reads some, and plans would be huge."""

RANK_ROUNDS, LABEL_ROUNDS = 10, 5
UNIT = 10**9
"""The rank every customer starts with; 17 times the sum of all ranks fits 64 bits up to 500 million customers."""
GRAPH = ("as_of_date", "days")
MEMBER = (*GRAPH, "customer_id")
VALUES = {"pagerank": "double", "community": "string", "community_size": "bigint", "community_left": "double"}


def networks(
    contacts: DataFrame,
    first_seen: DataFrame,
    left: DataFrame | None,
    features: Collection[Feature],
    months: Collection[date],
    checkpoint: Checkpoint,
) -> DataFrame:
    """One row per customer, month and window with the values that features of one source need there, others null.

    contacts: see `partners.contacts`. first_seen: customer_id, known_from; every customer of ours has a row. left:
    see `partners.left_by_event`, at the months' first days; None where no feature needs it. months: first days.
    Returns customer_id, as_of_date (the first day), days (the window), and the columns of `VALUES`.
    """
    ranked = {feature.window or 0 for feature in features if feature.op == "pagerank"}
    grouped = {feature.window or 0 for feature in features if feature.op != "pagerank"}
    graphs = checkpoint(pairs(contacts, first_seen, ranked | grouped, months))
    parts = []
    if ranked:
        parts.append(pageranks(graphs.where(F.col("days").isin(sorted(ranked))), checkpoint))
    if grouped:
        parts.append(memberships(communities(graphs.where(F.col("days").isin(sorted(grouped))), checkpoint), left))
    joined = reduce(lambda ranks, members: ranks.join(members, on=list(MEMBER), how="full"), parts)
    values = (name if name in joined.columns else f"cast(null as {kind}) as {name}" for name, kind in VALUES.items())
    return joined.selectExpr(*MEMBER, *values)


def pairs(contacts: DataFrame, first_seen: DataFrame, windows: Collection[int], months: Collection[date]) -> DataFrame:
    """The graphs: as_of_date, days, customer_id, counterparty, events (contacts made); both are customers of ours.

    A customer with a contact known by a day has a first day known by then, so only the counterparty is looked up.
    """
    recent = seen_at(contacts, months, max(windows))
    covering = f"explode(filter(array({', '.join(map(str, sorted(windows)))}), days -> age <= days)) as days"
    placed = recent.selectExpr("as_of_date", covering, "customer_id", "counterparty", "events")
    met = placed.groupBy(*MEMBER, "counterparty").agg(F.sum("events").alias("events"))
    ours = since_first(first_seen, months).withColumnRenamed("customer_id", "counterparty")
    return met.join(ours, on=["as_of_date", "counterparty"], how="left_semi").select(*MEMBER, "counterparty", "events")


def pageranks(graphs: DataFrame, checkpoint: Checkpoint) -> DataFrame:
    """The PageRank of every customer in each graph, times their number: as_of_date, days, customer_id, pagerank.

    graphs: see `pairs`. Damping 0.85, `RANK_ROUNDS` rounds from equal ranks, each customer's rank going to its partners
    in proportion to the contacts made (Page and others, 1999). The rank of a customer without partners goes to nobody;
    dividing by the mean of all ranks at the end is in the limit the same as giving that rank to all evenly.
    """
    made = graphs.groupBy(*MEMBER).agg(F.sum("events").alias("made"))
    ends = graphs.select(*MEMBER).unionAll(graphs.select(*GRAPH, F.col("counterparty").alias("customer_id"))).distinct()
    # A link of weight 0 from each customer to itself: so each has a row in every round, whether or not it is given any.
    nothing = ends.selectExpr(*MEMBER, "customer_id as counterparty", "0L as events", "1L as made")
    links = checkpoint(graphs.join(made, on=list(MEMBER), how="inner").unionByName(nothing))
    ranks = ends.withColumn("rank", F.lit(UNIT).cast("bigint"))
    for _ in range(RANK_ROUNDS):
        ranks = _rank_round(links, ranks)
    ranks = checkpoint(ranks)
    totals = ranks.groupBy(*GRAPH).agg(F.expr("cast(sum(rank) as double) / count(*) as mean"))
    with_mean = ranks.join(F.broadcast(totals), on=list(GRAPH), how="inner")
    return with_mean.selectExpr(*MEMBER, "cast(rank as double) / mean as pagerank")


def _rank_round(links: DataFrame, ranks: DataFrame) -> DataFrame:
    """One round: 17/20 (the damping) of the ranks given to a customer, whole numbers, and 3/20 of the start."""
    given = links.join(ranks, on=list(MEMBER), how="inner")
    received = given.groupBy(*GRAPH, "counterparty").agg(F.expr("sum(rank div made * events) as received"))
    again = f"{3 * UNIT // 20}L + 17 * received div 20 as rank"
    return received.selectExpr(*GRAPH, "counterparty as customer_id", again)


def communities(graphs: DataFrame, checkpoint: Checkpoint) -> DataFrame:
    """The community of every customer in each graph: as_of_date, days, customer_id, community (a customer's id).

    graphs: see `pairs`. Label propagation (Raghavan and others, 2007), all customers at once, `LABEL_ROUNDS` rounds,
    a tie's weight being the contacts in both directions. A customer's own label counts as much as its strongest tie:
    otherwise two customers alone would swap labels for ever.
    """
    other_way = graphs.selectExpr(*GRAPH, "counterparty as customer_id", "customer_id as counterparty", "events")
    either = graphs.unionAll(other_way)
    ties = either.groupBy(*MEMBER, "counterparty").agg(F.sum("events").alias("weight"))
    own = ties.groupBy(*MEMBER).agg(F.max("weight").alias("weight"))
    ties = checkpoint(ties.unionByName(own.withColumn("counterparty", F.col("customer_id"))))
    labels = own.select(*MEMBER, F.col("customer_id").alias("community"))
    for _ in range(LABEL_ROUNDS):
        labels = _label_round(ties, labels)
    return checkpoint(labels)


def _label_round(ties: DataFrame, labels: DataFrame) -> DataFrame:
    """One round: each customer takes the label with the most weight among its ties, of equal ones the smallest."""
    named = labels.withColumnRenamed("customer_id", "counterparty")
    around = ties.join(named, on=[*GRAPH, "counterparty"], how="inner")
    weighed = around.groupBy(*MEMBER, "community").agg(F.sum("weight").alias("weight"))
    best = F.expr("min(struct(-weight as lightness, community)).community as community")
    return weighed.groupBy(*MEMBER).agg(best)


def memberships(communities: DataFrame, left: DataFrame | None) -> DataFrame:
    """Add community_size and community_left, the share of the other members who had left (null without any).

    left: customer_id, as_of_date, left; members without a row are no customers of the label's sources and do not count.
    """
    members_left = communities.withColumn("left", F.lit(None).cast("boolean"))
    if left is not None:
        members_left = communities.join(left, on=list(KEY), how="left")
    whole = members_left.groupBy(*GRAPH, "community").agg(
        F.expr("count(*) as community_size"), F.expr("count_if(left) as gone"), F.expr("count(left) as ours")
    )
    others = "cast(gone - if(left, 1, 0) as double), cast(ours - if(left is null, 0, 1) as double)"
    return members_left.join(whole, on=[*GRAPH, "community"], how="inner").selectExpr(
        *MEMBER, "community", "community_size", f"try_divide({others}) as community_left"
    )


def from_networks(networks: DataFrame, features: Collection[Feature], dates: Collection[date]) -> DataFrame:
    """One row per customer and as-of date with features from the network of the date's month.

    networks: see `networks`, with `source`.
    """
    listed = ", ".join(f"DATE'{day}'" for day in sorted(dates))
    in_month = f"explode(filter(array({listed}), day -> trunc(day, 'MM') = as_of_date)) as as_of_date"
    by_date = networks.selectExpr("customer_id", in_month, "source", "days", *VALUES)
    chosen = (f"max(if(source = '{f.source}' and days = {f.window}, {f.op}, null)) as `{f.name}`" for f in features)
    return by_date.groupBy(*KEY).agg(*map(F.expr, chosen))
