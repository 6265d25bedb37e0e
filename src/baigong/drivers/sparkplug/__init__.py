"""A host application of Sparkplug B 3.0: births say what there is, aliases what is meant, deaths what is gone."""
