using Sluice.Domain.Freezes;

namespace Sluice.Domain.Plans;

/// <summary>
/// A compiled plan: how a release of one service goes from commit to 100 %. Made by <see cref="PlanCompiler"/> from a bundle; every
/// file it names is resolved and every default filled in. Stored in inputs and the registry: members are only ever added.
/// </summary>
/// <param name="Schema">Which compiler read it; 1 today.</param>
/// <param name="Service">What is deployed: lower-case letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</param>
/// <param name="Environments">In declared order, which is the order of promotion and of locks. At least one.</param>
/// <param name="Steps">In order. At least one.</param>
/// <param name="Analysis">How the canary is judged.</param>
/// <param name="Concurrency">What a start does while another rollout holds the environment.</param>
/// <param name="Notify">Who is told of what.</param>
public sealed record Plan(
    int Schema,
    string Service,
    IReadOnlyList<EnvironmentSpec> Environments,
    IReadOnlyList<Step> Steps,
    AnalysisSpec Analysis,
    Concurrency Concurrency,
    IReadOnlyList<NotifyRule> Notify)
{
    /// <summary>When nothing moves forward, beside what the server says.</summary>
    public IReadOnlyList<FreezeWindow> Freeze { get; init; } = [];

    /// <summary>To which earlier releases an environment goes back without steps; null when the plan does not say.</summary>
    public RollbackWindow? RollbackWindow { get; init; }

    /// <summary>Names or groups of deployers who may start an emergency, beside admins.</summary>
    public IReadOnlyList<string> Emergency { get; init; } = [];

    /// <summary>The environment of this name.</summary>
    /// <exception cref="KeyNotFoundException">The plan declares none of that name.</exception>
    public EnvironmentSpec Environment(string name) =>
        Environments.FirstOrDefault(e => e.Name == name)
        ?? throw new KeyNotFoundException($"The plan of '{Service}' declares no environment '{name}'.");

    /// <summary>The last environment that a step touches: the one a rollout is named after.</summary>
    public string LastEnvironment => Steps.Select(s => s.Environment).LastOrDefault(e => e is not null) ?? Environments[^1].Name;
}

/// <summary>One place a service runs in.</summary>
/// <param name="Name">Lower-case letters, digits, <c>_</c>, <c>-</c>.</param>
/// <param name="Platform">What runs the revisions.</param>
/// <param name="Router">What splits the traffic.</param>
/// <param name="Metrics">Where the numbers come from.</param>
/// <param name="Variables">What the service's process is given; values of secrets are never here, only names.</param>
public sealed record EnvironmentSpec(
    string Name,
    PlatformSpec Platform,
    RouterSpec Router,
    MetricsSpec Metrics,
    IReadOnlyList<VariableSpec> Variables)
{
    /// <summary>The servers that answer the plan's own queries here.</summary>
    public IReadOnlyList<ProviderSpec> Providers { get; init; } = [];

    /// <summary>Whether a failed verdict rolls back by itself; when not, checks go on and a person decides. A server may switch it off for all.</summary>
    public bool AutoRollback { get; init; } = true;

    /// <summary>From moving traffic back to the old version to looking whether it bears it: a rollback is over only when it does.</summary>
    public TimeSpan VerifyRollbackAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Users' requests a second, as declared, for what <c>validate</c> says about the soaks; null when not declared.</summary>
    public double? RequestsPerSecond { get; init; }
}

/// <summary>What a start does while another rollout holds the environment.</summary>
public enum Concurrency
{
    /// <summary>Wait in line.</summary>
    Queue,

    /// <summary>Roll the running one back to its end, then start.</summary>
    Supersede,

    /// <summary>Do not start.</summary>
    Refuse,
}

/// <summary>Who is told of what.</summary>
/// <param name="Events">Names of events: <c>rollback</c>, <c>approval</c>, <c>start</c>, <c>success</c>, <c>failure</c>, <c>pause</c>.</param>
/// <param name="To">The channel's name in the server's configuration.</param>
public sealed record NotifyRule(IReadOnlyList<string> Events, string To);

/// <summary>What a plan and the files it names are sent as: everything a rollout will ever read.</summary>
/// <param name="Plan">The plan's text, YAML or JSON.</param>
/// <param name="Files">Text by path as written in the plan.</param>
public sealed record Bundle(string Plan, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>Largest bundle taken, bytes of UTF-8.</summary>
    public const int MaxBytes = 1024 * 1024;
}
