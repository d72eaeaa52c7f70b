"""Who must be told what, through what, and did it arrive.

Topics in: govbus.inventory, govbus.risk, govbus.oversight, govbus.rejected. Topic out: govbus.notifications.
State owned: notifications with every attempt to deliver them, and the tier of each subject.
Layers: `__main__ > app > handlers | api | sending > alerts | announcing | channels | routes_file > store > tables`.
"""
