"""Parameters of the learning core: encoder, soft actor-critic and the learner that drives it."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.param import param

INTERVENTION_FEATURES = "weight of that distance to interventions alone, which the encoder learns from as well"


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """Images and proprioception to one latent vector.

    `patch`: each camera has its own weights; patches, 3x3 convolutions, a linear bottleneck: quick on a CPU. `spatial`:
    convolutions with `kernels` shared by the cameras, pooled by learned spatial embeddings, as in SERL and LeRobot.
    """

    kind: str = param("patch", "network of the images", choices=("patch", "spatial"))
    stack: int = param(1, "newest observations of the episode that are seen together", ge=1)
    patch: int = param(4, "side of the square patches the first layer embeds; divides the image size", ge=1, unit="px")
    patch_channels: int = param(16, "channels of the first layer", ge=1)
    channels: tuple[int, ...] = param((32,), "channels of the convolutions (patch: that follow)", ge=1)
    strides: tuple[int, ...] = param((2,), "strides of those convolutions", ge=1)
    kernels: tuple[int, ...] = param((3,), "kernels of those convolutions (spatial)", ge=1)
    spatial_features: int = param(8, "spatial embeddings of a channel (spatial)", ge=1)
    image_latent: int = param(64, "latent size of one camera", ge=1)
    proprio_latent: int = param(64, "latent size of the proprioception vector", ge=1)
    weights: str = param("", "safetensors file that the cameras' weights start from; '' for random ones")
    frozen: bool = param(False, "whether the cameras' weights stay as they are")
    cache_mb: float = param(
        0.0,
        "memory for features of a frozen encoder, whose images are then not shifted; 0 for none",
        ge=0.0,
        unit="MiB",
    )


@dataclass(frozen=True, kw_only=True)
class GripperActionConfig:
    """The gripper as a dimension of the action."""

    dimension: str = param("gripper", "name of the action dimension that moves the gripper")
    kind: str = param(
        "continuous", "any opening, or one of `values` by a Q function of its own", choices=("continuous", "discrete")
    )
    values: tuple[float, ...] = param((-1.0, 1.0), "actions that a discrete gripper chooses from", ge=-1.0, le=1.0)
    penalty: float = param(0.0, "reward lost by moving the gripper from one end to the other", ge=0.0)
    exploration: float = param(0.05, "share of sampled actions with a random discrete choice", ge=0.0, le=1.0)


@dataclass(frozen=True, kw_only=True)
class AgentConfig:
    """What all algorithms share: an encoder, an ensemble of critics and slow copies of them."""

    encoder: EncoderConfig = param(EncoderConfig(), "encoder shared by critics and actor")
    hidden: tuple[int, ...] = param((256, 256), "hidden layers of actor and critics", ge=1)
    critics: int = param(4, "critics in the ensemble", ge=1)
    learning_rate: float = param(3e-4, "Adam step size of critics, encoder and actor", ge=0.0)
    tau: float = param(0.005, "Polyak step of the target critics", ge=0.0, le=1.0)
    shift: int = param(4, "largest random shift of the images, 0 for none", ge=0, unit="px")
    gripper: GripperActionConfig = param(GripperActionConfig(), "how the gripper is part of the action")
    privileged: tuple[str, ...] = param((), "proprioception that critics alone see: names, or patterns such as sim_*")


@dataclass(frozen=True, kw_only=True)
class SACConfig(AgentConfig):
    """Soft actor-critic on prior and online data (SAC, REDQ, RLPD by parameters)."""

    critic_subset: int = param(2, "random critics whose minimum is the target value", ge=1)
    alpha_learning_rate: float = param(3e-4, "Adam step size of the temperature", ge=0.0)
    initial_alpha: float = param(0.01, "temperature at the start", ge=1e-8)
    target_entropy: float = param(-0.5, "entropy the temperature aims at, per action dimension", unit="nat")
    backup_entropy: bool = param(False, "whether the critics' targets contain the entropy term")
    actor_period: int = param(1, "critic updates per actor and temperature update", ge=1)
    imitation: float = param(0.0, "weight of the squared distance to the actions of demonstrations", ge=0.0)
    intervention_features: float = param(0.0, INTERVENTION_FEATURES, ge=0.0)


@dataclass(frozen=True, kw_only=True)
class TD3Config(AgentConfig):
    """Twin delayed deterministic policy gradient; DDPG is one critic, no target noise, actor_period 1."""

    critics: int = param(2, "critics in the ensemble, whose minimum is the target value", ge=1)
    target_noise: float = param(0.2, "standard deviation of the noise on target actions", ge=0.0)
    target_noise_clip: float = param(0.5, "bound of that noise", ge=0.0)
    exploration_noise: float = param(0.1, "standard deviation of the noise on sampled actions", ge=0.0)
    actor_period: int = param(2, "critic updates per actor update", ge=1)
    imitation: float = param(0.0, "weight of the squared distance to the actions of demonstrations", ge=0.0)
    intervention_features: float = param(0.0, INTERVENTION_FEATURES, ge=0.0)


@dataclass(frozen=True, kw_only=True)
class CEMConfig:
    """Cross-entropy method: a normal distribution refitted to the best of its own samples."""

    samples: int = param(64, "actions scored in an iteration", ge=2)
    elites: int = param(6, "best actions that the next distribution is fitted to", ge=1)
    iterations: int = param(3, "iterations", ge=1)
    start_std: float = param(0.7, "standard deviation of the first distribution, around 0", ge=0.01)
    min_std: float = param(0.05, "smallest standard deviation of a distribution", ge=0.0)


@dataclass(frozen=True, kw_only=True)
class QTOptConfig(AgentConfig):
    """Q-learning without an actor: the cross-entropy method maximises the critic, for acting and for targets."""

    critics: int = param(1, "critics; each more than one makes every search as much longer", ge=1)
    cem: CEMConfig = param(CEMConfig(), "maximisation for acting")
    target_cem: CEMConfig = param(CEMConfig(samples=32, elites=4, iterations=2), "maximisation for targets")
    target_lag: int = param(100, "updates between two copies of the first slow critic to the second", ge=1)
    cross_entropy: bool = param(True, "sigmoid Q in [0, 1] with cross-entropy loss, for returns in [0, 1]")
    exploration_noise: float = param(0.15, "smallest standard deviation of sampled actions", ge=0.0)


@dataclass(frozen=True, kw_only=True)
class HealthConfig:
    """Limits beyond which the learner raises an alarm; Q's follow from the rewards."""

    reward_low: float = param(0.0, "lowest reward of a step")
    reward_high: float = param(1.0, "highest reward of a step")
    reward_ends: bool = param(True, "whether a reward comes once an episode; else Q may be a sum without end")
    q_margin: float = param(0.5, "how far Q may leave its bounds, as a share of their distance", ge=0.0)
    max_spread: float = param(0.5, "largest deviation of the critics, as a share of that distance", ge=0.0)
    max_gradient: float = param(500.0, "largest norm of the critics' gradient, 0 for any", ge=0.0)
    entropy_margin: float = param(2.5, "how far entropy may be below its target, per action dimension", unit="nat")
    warmup: int = param(1000, "first updates, in which only NaN and rewards out of range raise an alarm", ge=0)
    window: int = param(100, "updates over which figures are smoothed", ge=1)
    every: int = param(10, "updates between two looks at the gradient", ge=1)


@dataclass(frozen=True, kw_only=True)
class LearnerConfig:
    """What the learner does with its data, how fast and for how long."""

    algorithm: str = param("sac", "learning algorithm", choices=("sac", "td3", "qt_opt"))
    sac: SACConfig = param(SACConfig(), "parameters of soft actor-critic")
    td3: TD3Config = param(TD3Config(), "parameters of twin delayed DDPG")
    qt_opt: QTOptConfig = param(QTOptConfig(), "parameters of Q-learning with the cross-entropy method")
    batch_size: int = param(64, "transitions per update", ge=1)
    prior_share: float = param(0.5, "share of a batch taken from demonstrations and interventions", ge=0.0, le=1.0)
    utd: float = param(2.0, "critic updates per environment step", ge=0.0)
    start_steps: int = param(100, "environment steps before the first update", ge=0)
    n_step: int = param(1, "steps whose rewards are summed before bootstrapping", ge=1)
    takeover_fails: bool = param(
        False, "whether having made a person take over is worth nothing, as a failure; else what the state is worth"
    )
    discount: float = param(0.97, "discount per step", ge=0.0, le=1.0)
    priority_exponent: float = param(
        0.0, "how far large TD errors are preferred in sampling: 0 not at all, 1 in proportion", ge=0.0, le=1.0
    )
    importance_exponent: float = param(
        0.4, "how far the loss undoes that preference: 0 not at all, 1 entirely", ge=0.0, le=1.0
    )
    health: HealthConfig = param(HealthConfig(), "when the learner raises an alarm")
    prefetch: int = param(-1, "batches drawn ahead on a thread; -1: 2 for a CUDA device, else none", ge=-1)
    seed: int = param(0, "seed of initialisation, sampling and augmentation", ge=0)
    precision: str = param(
        "auto", "arithmetic; auto is bfloat16 where the hardware has it", choices=("auto", "float32", "bfloat16")
    )
    device: str = param("auto", "where the learner computes", choices=("auto", "cpu", "cuda"))
    threads: int = param(1, "CPU threads of the learner, 0 for one per core", ge=0)
    publish_every: int = param(50, "updates between two publications of weights", ge=1)
    checkpoint_every: int = param(1000, "updates between two checkpoints", ge=1)
    keep_checkpoints: int = param(3, "newest checkpoints that are kept", ge=1)
    budget_s: float = param(0.0, "training stops after this time, 0 for no end", ge=0.0, unit="s")
    max_steps: int = param(0, "training stops after this many environment steps, 0 for no end", ge=0)
    success_threshold: float = param(0.95, "training stops at this success rate of the newest episodes", ge=0.0, le=1.0)
    success_window: int = param(20, "newest episodes that the success rate is taken over", ge=1)

    @property
    def agent(self) -> AgentConfig:
        """Parameters of the chosen algorithm."""
        config: AgentConfig = getattr(self, self.algorithm)
        return config
