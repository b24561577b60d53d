"""Parameters of the nodes, one frozen dataclass a node; ROS parameters and YAML sections are made from them."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.learning import LearnerConfig
from robot_rl.config.param import param
from robot_rl.config.rewards import BoundConfig
from robot_rl.config.supervisor import SupervisorConfig

RATE = "control rate: observations and actions per second"
GRIPPER_KIND = (
    "how the gripper is commanded, over the robot's gripper: kind ('' for that); the simulator takes position"
)
TASK_RESET_TIMEOUT = "wall time that task_reset_service may take to appear and to answer; longer holds, as a fault"
FSYNC = "none: committed steps survive any end of the process; commit: a power failure too, for some 10 ms a step"
HUMAN_HOLD = "time after a person's last action in which the policy's actions are refused"
HEARTBEAT = "the topic estop must be heard at least this often, else it counts as set; 0 where no heartbeat is needed"
ROLE = "demonstrate: answer every observation, hands off with the arm still; intervene: only while a person acts"
HOLD = "observations in a row that must show success before it counts; 0 for the classifier's own, else 1"
LOCKSTEP = "act on each observation instead of on a timer; simulated time stands still until the graph has answered"
REVIEW = "whether a person begins each episode (service episode/start) and keeps or discards it (episode/discard)"
DISCARD_FAILURES = "count only successful episodes towards `episodes`"
COUNTDOWN = "time that an episode waits once the arm is home, counted down for a person"
CALIBRATION_AGE = "age beyond which files of `calibration` are refused; 0 for no limit"
SIM_STATE = "whether what the simulator knows of the task follows in the proprioception, as sim_<name>; see privileged"
SUPERVISED = "lockstep: the policy's action waits for what teleop says of the same observation, be it hands off"


@dataclass(frozen=True, kw_only=True)
class RigConfig:
    """What every node of one graph must agree on."""

    robot: str = param("fr3_sim", "robot: a name in config/robots or a path to its YAML")
    task: str = param("reach", "task: a name in robot_rl/robot/tasks")
    cameras: tuple[str, ...] = param(("wrist", "front"), "camera names, in the order of the record")
    image_size: int = param(64, "height and width of the images the policy sees", ge=16, le=512, unit="px")
    rate_hz: float = param(10.0, RATE, ge=1.0, le=100.0, unit="Hz")
    lockstep: bool = param(False, LOCKSTEP)
    sim_state: bool = param(False, SIM_STATE)


@dataclass(frozen=True, kw_only=True)
class SimNodeConfig(RigConfig):
    """Simulated robot and cameras."""

    seed: int = param(0, "seed of the task's randomisation", ge=0)
    stream: int = param(0, "which of the seed's independent sequences of situations", ge=0)
    pace: float = param(1.0, "simulated seconds per wall second; not used in lockstep", ge=0.05, le=100.0)
    calibration: str = param("", "folder of camera_info YAML files to publish, <camera>.yaml; '' for the true ones")
    calibration_max_days: float = param(0.0, CALIBRATION_AGE, ge=0.0, unit="days")
    announce_s: float = param(0.25, "lockstep: wall time after which an unanswered state is published again", ge=0.01)


@dataclass(frozen=True, kw_only=True)
class ProprioNodeConfig(RigConfig):
    """Joint states to the named proprioception vector."""


@dataclass(frozen=True, kw_only=True)
class RewardNodeConfig(RigConfig):
    """Reward and success of each observation."""

    source: str = param("simulator", "simulator, human, or the path of an image classifier that gives the reward")
    hold: int = param(0, HOLD, ge=0)
    bound: BoundConfig = param(BoundConfig(), "what held-out figures a classifier must have to be served")


@dataclass(frozen=True, kw_only=True)
class SafetyNodeConfig(RigConfig):
    """Arbitration, limits, watchdog, e-stop and reset."""

    max_action_age_s: float = param(0.3, "an action older than this is refused", ge=0.0, unit="s")
    max_state_age_s: float = param(0.2, "joint states older than this hold the robot", ge=0.0, unit="s")
    human_hold_s: float = param(0.5, HUMAN_HOLD, ge=0.0, le=60.0, unit="s")
    supervised: bool = param(False, SUPERVISED)
    estop_heartbeat_s: float = param(0.0, HEARTBEAT, ge=0.0, le=60.0, unit="s")
    task_reset_service: str = param("", "Trigger service that puts the task back once the arm is home; '' for none")
    task_reset_timeout_s: float = param(60.0, TASK_RESET_TIMEOUT, ge=0.1, unit="s")
    gripper_kind: str = param("", GRIPPER_KIND, choices=("", "position", "action"))
    reset_speed: float = param(0.6, "fraction of the joint limits that reset motions use", ge=0.05, le=1.0)
    reset_timeout_s: float = param(20.0, "a reset that takes longer holds and reports a fault", ge=1.0, unit="s")
    timing_file: str = param("", "file for the time of every tick, for `robot-rl bench control`; '' for none")


@dataclass(frozen=True, kw_only=True)
class PolicyNodeConfig(RigConfig):
    """Synchronised observation to action, episodes and steps."""

    act: str = param("sample", "what acts", choices=("sample", "mean", "teleop"))
    seed: int = param(0, "seed of exploration", ge=0)
    weights: str = param("", "weights file or checkpoint to act with; '' takes them from the policy/weights topic")
    episodes: int = param(0, "episodes after which the node ends with exit code 0; 0 for no end", ge=0)
    episode_steps: int = param(50, "steps after which an episode is truncated", ge=1)
    discard_failures: bool = param(False, DISCARD_FAILURES)
    review: bool = param(False, REVIEW)
    countdown_s: float = param(0.0, COUNTDOWN, ge=0.0, le=60.0, unit="s")
    allow_untrained: bool = param(False, "whether a weights file of version 0 may act")
    max_age_s: float = param(0.15, "a source older than this gives no action", ge=0.0, unit="s")
    max_backlog: int = param(700, "uncommitted steps beyond which no episode starts", ge=1, le=1000)
    linger_s: float = param(10.0, "at its end the node stays this long for steps not yet on disk", ge=0.0, unit="s")
    max_update_debt: int = param(150, "outstanding learner updates beyond which no episode starts", ge=1)
    wait_for_learner: bool = param(True, "start episodes only once a recorder or learner is there; keep steps for it")


@dataclass(frozen=True, kw_only=True)
class TeleopNodeConfig(RigConfig):
    """Teleoperation device."""

    device: str = param("scripted", "scripted, a name in config/devices, or a path to a device's YAML")
    role: str = param("demonstrate", ROLE, choices=("demonstrate", "intervene"))
    seed: int = param(0, "seed of the scripted expert's noise and mistakes", ge=0)
    noise: float = param(0.1, "standard deviation of the scripted expert's action noise", ge=0.0, le=1.0)
    mistakes: float = param(0.0, "probability that the scripted expert misses, per episode", ge=0.0, le=1.0)
    supervisor: SupervisorConfig = param(SupervisorConfig(), "when the scripted supervisor acts")


@dataclass(frozen=True, kw_only=True)
class RecorderNodeConfig(RigConfig):
    """Writes the step stream into a replay store, without learning."""

    store: str = param("", "path of the replay store to write")
    fsync: str = param("none", FSYNC, choices=("none", "commit"))


@dataclass(frozen=True, kw_only=True)
class LearnerNodeConfig(RigConfig):
    """Replay store, updates, checkpoints, weights and metrics of one run."""

    fsync: str = param("none", FSYNC, choices=("none", "commit"))
    run_dir: str = param("", "run directory: replay, checkpoints, TensorBoard logs and the result go there")
    demos: tuple[str, ...] = param((), "replay stores of demonstrations; '' entries are left out")
    nice: int = param(10, "how far the learner steps back behind the control loop for processor time", ge=0, le=19)
    learner: LearnerConfig = param(LearnerConfig(), "what and how to learn")


@dataclass(frozen=True, kw_only=True)
class MonitorNodeConfig:
    """Progress for a person, from the graph's own topics."""

    period_s: float = param(5.0, "seconds between lines where the output is no terminal", ge=0.2, unit="s")
    title: str = param("robot_rl", "first word of each line")
    episodes: int = param(0, "episodes expected, for the progress bar; 0 where open")
    discard_failures: bool = param(False, DISCARD_FAILURES)
    budget_s: float = param(0.0, "training budget, for the time left; 0 where open", ge=0.0, unit="s")


@dataclass(frozen=True, kw_only=True)
class ViewNodeConfig:
    """Live picture for Foxglove."""

    host: str = param("127.0.0.1", "interface of the websocket server; 0.0.0.0 for every machine that reaches this one")
    port: int = param(8765, "port of the websocket server; 0 for any that is free", ge=0, le=65535)
