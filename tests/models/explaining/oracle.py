"""Shapley values by their definition: every subset of the features, in plain Python."""

from itertools import combinations
from math import factorial


def expectation(tree, row, known, node=0):
    """The mean value of the training rows below a node that agree with a row in the features that are known."""
    feature, left, right = int(tree.feature[node]), int(tree.left[node]), int(tree.right[node])
    if feature < 0:
        return float(tree.value[node])
    if feature in known:
        return expectation(tree, row, known, left if row[feature] <= tree.threshold[node] else right)
    below = sum(float(tree.cover[child]) * expectation(tree, row, known, child) for child in (left, right))
    return below / float(tree.cover[node])


def shapley(players, worth):
    """The Shapley value of each player of a game; worth: of a set of players."""
    values = {}
    for player in players:
        others = [other for other in players if other != player]
        values[player] = 0.0
        for size in range(len(players)):
            weight = factorial(size) * factorial(len(others) - size) / factorial(len(players))
            for coalition in combinations(others, size):
                values[player] += weight * (worth({*coalition, player}) - worth(set(coalition)))
    return values


def tree_values(trees, row):
    """The Shapley value of each element of a row in the sum of trees."""

    def worth(known):
        return sum(expectation(tree, row, known) for tree in trees)

    return list(shapley(range(len(row)), worth).values())
