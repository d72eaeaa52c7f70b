"""How risky a subject is, which bounds its figures broke, and whether a release may go on.

In: `govbus.facts` (registrations, versions, validations, observations, deployments), `govbus.oversight` (open
incidents, for the gate only), `govbus.audit` (receipts of its own decisions). Out: `govbus.risk`.
Owns: the folded state of each subject, its score history, policy bundles and their activations, decisions.
What it says on facts is a pure fold of the order of `govbus.facts` per subject.
"""
