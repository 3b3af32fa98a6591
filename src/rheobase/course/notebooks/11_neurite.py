# title: Along a neurite
# question: How far does a potential reach, and why does an action potential reach any distance?

# %%
import matplotlib.pyplot as plt
import numpy as np

import rheobase as rb
from rheobase import course
from rheobase.units import cm, mS, mV, ms, uA, uF

compiled = course.start()
dt = 0.02*ms if compiled else 0.04*ms
n = 40  # pieces of the neurite

# %% [markdown]
# ## A chain of pieces
#
# Cut a neurite into short pieces. Each is a patch of membrane, and current flows along the inside
# from every piece to its neighbors, in proportion to the difference of their potentials:
#
# $$C_m\frac{dv_j}{dt} = -I_{ion}(v_j) + g\,(v_{j-1} - v_j) + g\,(v_{j+1} - v_j)$$
#
# The pieces at the ends have one neighbor only. All that is added to the input of piece $j$ can be
# written as $\sum_i W_{ij} v_i$: a **matrix**, and so a network whose connections are continuous.
#
# ### Exercise 1
#
# Write `coupling(n, g)`: that matrix. What stands on its diagonal? Hint: where all potentials are
# equal, no current flows.


# %% exercise
def coupling(n, g):
    W = np.zeros((n, n))
    ...
    return W


# %% mistake: current flows although
def coupling(n, g):
    return g*(np.eye(n, k=1) + np.eye(n, k=-1))


# %% mistake: at the ends
def coupling(n, g):
    return g*(np.eye(n, k=1) + np.eye(n, k=-1) - 2*np.eye(n))


# %% solution
def coupling(n, g):
    W = g*(np.eye(n, k=1) + np.eye(n, k=-1))
    return W - np.diag(W.sum(axis=0))  # what flows in from the neighbors flows out of them


# %% check
with course.exercise("1") as check:
    mine = np.asarray(coupling(5, 2.0), dtype=float)
    right = 2.0*(np.eye(5, k=1) + np.eye(5, k=-1)) - np.diag([2.0, 4, 4, 4, 2])
    check.unless(not mine.any(), "the matrix is 0: its entries are still to be written")
    flows = mine.any() and mine.shape == (5, 5) and np.abs(mine.sum(axis=0)) > 1e-9
    check.unless(np.any(flows), "current flows although all potentials are equal"
                 + (": look at the ends, which have one neighbor" if np.sum(flows) == 2 else
                    ": what is missing on the diagonal?"))
    check.value("the matrix", mine, right, within=1e-12)


# %%
def neurite(model, current, g=5.0, duration=30*ms):
    """Inject a current into the first piece; return the times (ms), potentials (mV) and spikes."""
    W = g*(np.eye(n, k=1) + np.eye(n, k=-1))
    W = W - np.diag(W.sum(axis=0))
    net = rb.Network(dt=dt)
    pieces = net.add(model, n, name="pieces")
    net.connect(pieces, pieces, rb.rules.from_matrix(W*mS/cm**2), of="v", to="I", delay=0*ms)
    net.inject(pieces[0], current)
    net.record(pieces, "v", every=0.2*ms)
    result = net.run(duration)
    v = result.traces["pieces"].v
    return 1000*v.time.values, v.values, result.spikes["pieces"]


# %% [markdown]
# ## Passive: it dies away
#
# The first neurite has a leak and nothing else. A constant current flows into its first piece.

# %%
passive = rb.Model(
    """
    dv/dt = (g_L*(E_L - v) + I)/C_m : mV
    I : uA/cm**2 (input)
    """,
    parameters=dict(g_L=0.3*mS/cm**2, E_L=-65*mV, C_m=1*uF/cm**2), initial=dict(v="E_L"),
)
time, v, _ = neurite(passive, rb.stimuli.step(20*uA/cm**2, start=2*ms), duration=30*ms)
steady = v[-1] + 65  # mV above rest, piece by piece
figure, (left, right) = plt.subplots(1, 2)
for piece in (0, 2, 4, 8, 16):
    left.plot(time, v[:, piece] + 65, label=f"piece {piece}")
left.set(xlabel="time (ms)", ylabel="v above rest (mV)", ylim=(0, 22))
left.legend(loc="upper right", ncols=2, fontsize=8)
right.semilogy(np.arange(n), np.maximum(steady, 1e-3), ".")
right.set(xlabel="piece", ylabel="v above rest after 30 ms (mV)")
plt.show()

# %% [markdown]
# A straight line on a logarithmic scale: each piece has the same **fraction** of the one before,
# $v_k = v_0\,e^{-k/\lambda}$.
#
# ### Exercise 2
#
# Find $\lambda$, in pieces, from `steady` (compare piece 0 and piece 10). Then `predicted`: in a
# long chain it is $\sqrt{g/g_L}$, with g = 5 and $g_L$ = 0.3 mS/cm².

# %% exercise
length = ...
predicted = ...

# %% mistake: the logarithm
length = 10/(steady[0]/steady[10])
predicted = np.sqrt(5/0.3)

# %% solution
length = 10/np.log(steady[0]/steady[10])
predicted = np.sqrt(5/0.3)
print(f"measured {length:.2f}, predicted {predicted:.2f} pieces")

# %% check
with course.exercise("2") as check:
    check.value("the measured length", length, 10/np.log(steady[0]/steady[10]), within=0.02,
                hint="steady[10] = steady[0]*exp(-10/λ): take the logarithm")
    check.value("the predicted length", predicted, np.sqrt(5/0.3), within=0.01)

# %% [markdown]
# After ten length constants nothing measurable is left. A passive neurite can carry a signal
# within the tree of a small neuron, but not down an axon.
#
# ## Active: it is made anew
#
# The same chain with Hodgkin and Huxley's channels in every piece, and a pulse of 1 ms.

# %%
pulse = rb.stimuli.step(100*uA/cm**2, start=2*ms, stop=3*ms)
time, v, spikes = neurite(rb.models.HodgkinHuxley, pulse, duration=18*ms)
figure, (left, right) = plt.subplots(1, 2)
for piece in (0, 10, 20, 30, 39):
    left.plot(time, v[:, piece], label=f"piece {piece}")
left.set(xlabel="time (ms)", ylabel="v (mV)")
left.legend(fontsize=8)
right.plot(np.arange(n), v.max(axis=0) + 65, ".", label="action potential")
right.plot(np.arange(n), steady, ".", label="passive")
right.set(xlabel="piece", ylabel="largest v above rest (mV)", ylim=(0, None))
right.legend()
plt.show()

# %% [markdown]
# ### Exercise 3
#
# How fast is it? `spikes[i][0]` is the time (s) of the spike in piece i. Give the speed in pieces
# per ms between piece 10 and piece 30, away from the ends.

# %% exercise
speed = ...

# %% mistake: pieces per second
speed = 20/(spikes[30][0] - spikes[10][0])

# %% solution
speed = 20/(1000*(spikes[30][0] - spikes[10][0]))
print(f"{speed:.2f} pieces per ms")

# %% check
with course.exercise("3") as check:
    right = 0.02/(spikes[30][0] - spikes[10][0])
    check.given("speed", speed)
    check.unless(abs(speed - 1000*right) < 1, "that is the speed in pieces per second")
    check.value("the speed", speed, right, within=0.05, unit="pieces per ms")

# %% [markdown]
# ### Exercise 4
#
# A thicker axon has more coupling between its pieces. Below, `couplings` and the `speeds` that
# belong to them (0: the action potential does not arrive). By which factor does the speed grow
# when the coupling grows from 2 to 8? And which is the smallest of the couplings with which it
# arrives?

# %%
couplings = np.array([0.05, 0.1, 0.2, 0.5, 1, 2, 4, 8]) if compiled else np.array([0.1, 1, 2, 8])
strong = rb.stimuli.step(200*uA/cm**2, start=2*ms, stop=3*ms)
speeds = []
for g in couplings:
    long_enough = 24*ms if g >= 1 or not compiled else 60*ms
    _, _, fired = neurite(rb.models.HodgkinHuxley, strong, g=g, duration=long_enough)
    arrived = len(fired[30]) and len(fired[10])
    speeds.append(0.02/(fired[30][0] - fired[10][0]) if arrived else 0.0)
figure, axes = plt.subplots(figsize=(5.5, 3.2))
axes.plot(couplings, speeds, "o")
fine = np.linspace(0, 8, 200)
axes.plot(fine, speeds[-1]*np.sqrt(fine/8), color="gray", linewidth=1, label="proportional to √g")
axes.set(xlabel="coupling g (mS/cm²)", ylabel="speed (pieces per ms)")
axes.legend()
plt.show()

# %% exercise
factor = ...
smallest = ...

# %% mistake: divide the speeds
factor = 4.0
smallest = 0.0

# %% solution
at = dict(zip(couplings, speeds))
factor = at[8]/at[2]
smallest = min(g for g in couplings if at[g] > 0)
print(f"{factor:.2f}; {smallest}")

# %% check
with course.exercise("4") as check:
    by_coupling = dict(zip(couplings, speeds))
    check.value("the factor", factor, by_coupling[8]/by_coupling[2], within=0.05,
                hint="divide the speeds at 8 and at 2")
    check.value("the smallest coupling", smallest, min(g for g in couplings if by_coupling[g] > 0),
                within=1e-9, unit="mS/cm²", hint="the first whose speed is not 0")

# %% [markdown]
# Four times the coupling, twice the speed: the speed goes with the square root of the axon's
# radius, which is why the squid's giant axon is a giant. Where the coupling is too weak, a piece
# cannot bring the next one to its threshold, and the action potential stops.

# %%
course.summary()
