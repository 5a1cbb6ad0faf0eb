"""The policies that ship with Privet: a package, so that an installed Privet finds them."""
