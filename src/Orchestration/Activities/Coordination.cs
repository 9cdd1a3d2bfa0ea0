using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollbacks;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Orchestration.Activities;

/// <summary>Which commands to read.</summary>
/// <param name="RolloutId">Whose.</param>
/// <param name="After">Numbers above this.</param>
public sealed record ReadCommandsInput(string RolloutId, long After);

/// <summary>What people said.</summary>
/// <param name="Commands">In order of their numbers.</param>
public sealed record CommandBatch(IReadOnlyList<Command> Commands);

/// <summary>Reads what people said.</summary>
public sealed class ReadCommandsActivity(ICoordination coordination) : IActivity<ReadCommandsInput, CommandBatch>
{
    /// <inheritdoc/>
    public async Task<CommandBatch> RunAsync(ReadCommandsInput input, CancellationToken cancellationToken) =>
        new(await coordination.ReadCommandsAsync(input.RolloutId, input.After, cancellationToken));
}

/// <summary>Takes a lock or a place in its line.</summary>
public sealed class AcquireLockActivity(ICoordination coordination, TimeProvider time) : IActivity<LockRequest, LockState>
{
    /// <inheritdoc/>
    public async Task<LockState> RunAsync(LockRequest input, CancellationToken cancellationToken)
    {
        var state = await coordination.AcquireLockAsync(input, cancellationToken);
        if (state.Owner == input.RolloutId)
        {
            RolloutMetrics.Locked(input, time.GetUtcNow());
        }

        return state;
    }
}

/// <summary>Which lock or place in line to give back.</summary>
/// <param name="Service">What.</param>
/// <param name="Environment">Where.</param>
/// <param name="RolloutId">Whose.</param>
public sealed record ReleaseLockInput(string Service, string Environment, string RolloutId);

/// <summary>Gives a lock back and wakes all in its line.</summary>
public sealed class ReleaseLockActivity(ICoordination coordination, Waker waker) : IActivity<ReleaseLockInput, Unit>
{
    /// <inheritdoc/>
    public async Task<Unit> RunAsync(ReleaseLockInput input, CancellationToken cancellationToken)
    {
        var next = await coordination.ReleaseLockAsync(input.Service, input.Environment, input.RolloutId, cancellationToken);
        if (next is null || next == input.RolloutId)
        {
            return Unit.Value;
        }

        await waker.WakeAsync(next, cancellationToken);
        foreach (var waits in (await coordination.GetLockAsync(input.Service, input.Environment, cancellationToken))?.Waiting ?? [])
        {
            // Their places have changed.
            await waker.WakeAsync(waits, cancellationToken);
        }

        return Unit.Value;
    }
}

/// <summary>Who takes whose place.</summary>
/// <param name="RolloutId">The newer rollout.</param>
/// <param name="Ahead">Those that hold the environment or wait before it.</param>
/// <param name="Actor">Who started the newer one.</param>
public sealed record SupersedeInput(string RolloutId, IReadOnlyList<string> Ahead, string Actor);

/// <summary>Tells the rollouts ahead to go back, each once.</summary>
public sealed class SupersedeActivity(ICoordination coordination, Waker waker, TimeProvider time) : IActivity<SupersedeInput, Unit>
{
    /// <inheritdoc/>
    public async Task<Unit> RunAsync(SupersedeInput input, CancellationToken cancellationToken)
    {
        foreach (var ahead in input.Ahead)
        {
            await coordination.AddCommandAsync(
                new Command(
                    $"{input.RolloutId}>{ahead}", ahead, CommandKind.Supersede, input.Actor, $"by {input.RolloutId}", time.GetUtcNow()),
                cancellationToken);
            await waker.WakeAsync(ahead, cancellationToken);
        }

        return Unit.Value;
    }
}

/// <summary>What a rollout's legs should do.</summary>
/// <param name="RolloutId">Whose.</param>
/// <param name="State">What.</param>
public sealed record DesiredStateInput(string RolloutId, DesiredState State);

/// <summary>Sets what a rollout's legs should do.</summary>
public sealed class SetDesiredStateActivity(ICoordination coordination) : IActivity<DesiredStateInput, Unit>
{
    /// <inheritdoc/>
    public async Task<Unit> RunAsync(DesiredStateInput input, CancellationToken cancellationToken)
    {
        await coordination.SetDesiredStateAsync(input.RolloutId, input.State, cancellationToken);
        return Unit.Value;
    }
}

/// <summary>A compensation stack to keep.</summary>
/// <param name="RolloutId">Whose.</param>
/// <param name="Stack">Null removes it.</param>
public sealed record StoreStackInput(string RolloutId, StoredStack? Stack);

/// <summary>Keeps a compensation stack.</summary>
public sealed class StoreStackActivity(ICoordination coordination) : IActivity<StoreStackInput, Unit>
{
    /// <inheritdoc/>
    public async Task<Unit> RunAsync(StoreStackInput input, CancellationToken cancellationToken)
    {
        await coordination.PutStackAsync(input.RolloutId, DurableJson.Write(input.Stack), cancellationToken);
        return Unit.Value;
    }
}
