"""Networks in plain Python, written from docs/features.md: loops over contacts, customers and partners."""

from collections import Counter
from datetime import timedelta

BILLION = 10**9


def graph(calls, window, month):
    """Contacts made, by customer and partner: (customer, partner, event date, knowledge date) each."""
    known = [call for call in calls if call[3] <= month]
    ours = {call[0] for call in known}
    within = [(a, b) for a, b, day, _ in known if month - timedelta(window) <= day < month]
    return Counter((a, b) for a, b in within if b in ours and a != b)


def members(edges):
    return sorted({end for edge in edges for end in edge})


def ranks_in_billionths(edges):
    """Ten rounds in whole numbers, then divided by the mean."""
    here = members(edges)
    ranks = dict.fromkeys(here, BILLION)
    made = {a: sum(events for (giver, _), events in edges.items() if giver == a) for a in here}
    for _ in range(10):
        received = dict.fromkeys(here, 0)
        for (a, b), events in edges.items():
            received[b] += ranks[a] // made[a] * events
        ranks = {a: 150_000_000 + 17 * received[a] // 20 for a in here}
    return {a: rank / (sum(ranks.values()) / len(here)) for a, rank in ranks.items()}


def ranks_by_power_iteration(edges, rounds, dangling):
    """The textbook's rounds, in floating point: a chance each; `dangling`: customers without partners give to all."""
    here = members(edges)
    chance = {a: 1 / len(here) for a in here}
    for _ in range(rounds):
        again = dict.fromkeys(here, 0.15 / len(here))
        for a in here:
            given = {b: edges.get((a, b), 0) for b in here}
            if dangling and not any(given.values()):
                given = dict.fromkeys(here, 1)
            for b in here:
                again[b] += 0.85 * chance[a] * given[b] / max(1, sum(given.values()))
        chance = again
    mean = sum(chance.values()) / len(here)
    return {a: value / mean for a, value in chance.items()}


def communities(edges):
    """Five rounds of everyone at once taking the label that weighs most around it; its own weighs as its best tie."""
    here = members(edges)
    tie = {(a, b): edges.get((a, b), 0) + edges.get((b, a), 0) for a in here for b in here}
    label = {a: a for a in here}
    for _ in range(5):
        before, label = label, {}
        for a in here:
            weights = Counter({before[a]: max(tie[a, b] for b in here)})
            for b in here:
                weights[before[b]] += tie[a, b]
            label[a] = min(weights, key=lambda name: (-weights[name], name))
    return label


def share_left(label, a, left):
    """Of the other members of a's community that are in `left`, the part for which it is true."""
    others = [left[b] for b in label if b != a and label[b] == label[a] and b in left]
    return sum(others) / len(others) if others else None
