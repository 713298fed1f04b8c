"""The contenders: each module has a function ``contend(referee)`` that offers groupings of the referee's instance."""
