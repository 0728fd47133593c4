"""How a deployment is described, checked, started and operated."""
