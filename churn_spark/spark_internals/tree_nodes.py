"""The nodes of the trees that MLlib has grown."""

import json
from typing import Any

from pyspark import SparkContext


def tree_nodes(tree: Any) -> list[dict[str, Any]]:
    """The nodes of a fitted tree of MLlib (`DecisionTree...Model`), parents before children, as MLlib would save them.

    id, leftChild, rightChild (-1 in a leaf); prediction; impurityStats: rows by label, or their count, sum and sum of
    squares for a regression; split: featureIndex, numCategories (-1 where it is a number) and
    leftCategoriesOrThreshold. Public: `model.write().save(PATH)` and `spark.read.parquet(PATH + "/data")`, which needs
    a place that driver and executors see, and two jobs. `tree.toDebugString` does not say how many rows came by.
    """
    jvm: Any = SparkContext._jvm
    annotation, databind = jvm.com.fasterxml.jackson.annotation, jvm.com.fasterxml.jackson.databind
    mapper = databind.ObjectMapper()
    mapper.registerModule(jvm.com.fasterxml.jackson.module.scala.DefaultScalaModule())
    mapper.configure(databind.MapperFeature.AUTO_DETECT_GETTERS, False)
    mapper.setVisibility(annotation.PropertyAccessor.FIELD, getattr(annotation, "JsonAutoDetect$Visibility").ANY)
    saved = getattr(jvm.org.apache.spark.ml.tree, "DecisionTreeModelReadWrite$NodeData$")
    nodes = getattr(saved, "MODULE$").build(tree._java_obj.rootNode(), 0)._1()
    written: list[dict[str, Any]] = json.loads(mapper.writeValueAsString(nodes))
    return written
