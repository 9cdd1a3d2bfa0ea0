using System.Text.Json.Serialization;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Rollbacks;

/// <summary>
/// How to undo one effect: data, so that it survives the instance that made it. It is remembered before the effect is tried, since a
/// write that failed or hangs may have acted; every inverse is an <em>ensure</em> and changes nothing when there is nothing to undo.
/// </summary>
/// <param name="Target">Where.</param>
/// <param name="LockNumber">First half of the fence.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(RestoreTraffic), "restoreTraffic")]
[JsonDerivedType(typeof(StopRevision), "stopRevision")]
[JsonDerivedType(typeof(MigrateDown), "migrateDown")]
public abstract record Compensation(EnvironmentTarget Target, long LockNumber)
{
    /// <summary>What people read.</summary>
    [JsonIgnore]
    public abstract string Title { get; }

    /// <summary>Put the weights back, once what they send traffic to is ready.</summary>
    /// <param name="Target">Where.</param>
    /// <param name="LockNumber">First half of the fence.</param>
    /// <param name="Weights">As they were.</param>
    /// <param name="Stable">What has them; null when the environment was empty.</param>
    public sealed record RestoreTraffic(EnvironmentTarget Target, long LockNumber, Traffic Weights, RevisionIdentity? Stable)
        : Compensation(Target, LockNumber)
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => Stable is null
            ? $"{Target.Environment.Name}: take all traffic away"
            : $"{Target.Environment.Name}: traffic back to {Stable.Revision}";
    }

    /// <summary>Drain and stop the revision that came.</summary>
    /// <param name="Target">Where.</param>
    /// <param name="LockNumber">First half of the fence.</param>
    /// <param name="Revision">Which.</param>
    public sealed record StopRevision(EnvironmentTarget Target, long LockNumber, string Revision) : Compensation(Target, LockNumber)
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"{Target.Environment.Name}: stop {Revision}";
    }

    /// <summary>Run the SQL files that undo.</summary>
    /// <param name="Target">Where.</param>
    /// <param name="LockNumber">First half of the fence.</param>
    /// <param name="Input">Which files, and what they undo.</param>
    public sealed record MigrateDown(EnvironmentTarget Target, long LockNumber, MigrationInput Input) : Compensation(Target, LockNumber)
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Title => $"{Target.Environment.Name}: undo {string.Join(", ", Input.Undone)}";
    }
}

/// <summary>A rollout's compensations as the registry keeps them for the watchdog.</summary>
/// <param name="Items">Oldest first.</param>
/// <param name="NextWrite">Above every write made so far.</param>
public sealed record StoredStack(IReadOnlyList<Compensation> Items, long NextWrite);
