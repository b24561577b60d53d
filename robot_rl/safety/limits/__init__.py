"""The limits of a motion, one class a file.

Two kinds. Joint limits are intervals of the next joint velocity (`joint`, `jerk`). Cartesian limits (`workspace`,
`orientation`, `collision`) are barriers: distances that must not become negative, with their gradients, which
`barrier` turns into rows of the QP; `tcp_speed` bounds velocities. `effort` looks at what the robot reports.
"""
