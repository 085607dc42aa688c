"""Single points of failure: which losses of one or two things take a user's journey down."""
