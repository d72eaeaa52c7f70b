"""What intake decides, as pure functions: is it an event, whose is it, which fact is it, have we had it before."""
