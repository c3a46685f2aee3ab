"""Credit: what memories are worth (`worth`), and the rules that turn it into edits (`rules`)."""

from memlab.credit.rules import CreditRule, RewriteQ, append_only
from memlab.credit.worth import counterfactual, td

__all__ = ["CreditRule", "RewriteQ", "append_only", "counterfactual", "td"]
