using System.Text.Json.Serialization;

namespace Sluice.Domain.Plans;

/// <summary>What runs the revisions of one environment. The set is closed; a kind without an adapter is refused when the plan is compiled.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Process), "process")]
public abstract record PlatformSpec
{
    private PlatformSpec()
    {
    }

    /// <summary>Name of the kind as plans write it.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>Real processes on loopback ports of this machine.</summary>
    /// <param name="Command">Program and arguments, run without a shell; <c>{version}</c> and <c>{commit}</c> are replaced.</param>
    /// <param name="Directory">Working directory; relative to the folder of the plan.</param>
    /// <param name="PortVariable">The environment variable that tells the process its port.</param>
    /// <param name="Health">Path that answers 200 when the process may get traffic.</param>
    /// <param name="ReadyWithin">Longest time from start to ready.</param>
    /// <param name="Replicas">Processes per revision, 1 to 50.</param>
    /// <param name="StopWithin">Longest time from SIGTERM to SIGKILL.</param>
    public sealed record Process(
        IReadOnlyList<string> Command,
        string Directory,
        string PortVariable,
        string Health,
        TimeSpan ReadyWithin,
        int Replicas,
        TimeSpan StopWithin) : PlatformSpec
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Kind => "process";
    }
}

/// <summary>What splits the traffic of one environment.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Gateway), "gateway")]
[JsonDerivedType(typeof(None), "none")]
public abstract record RouterSpec
{
    private RouterSpec()
    {
    }

    /// <summary>Sluice's own weighted gateway.</summary>
    /// <param name="Listen"><c>address:port</c> on which users' traffic arrives.</param>
    /// <param name="Client">What tells one client from another: <c>header:NAME</c> or <c>cookie:NAME</c>; null for the default order.</param>
    /// <param name="Sticky">Keeps a client on its revision: <c>cookie</c>, <c>cookie:NAME</c> or <c>header:NAME</c>; null for a choice per request.</param>
    /// <param name="TrustedProxies">Addresses or networks whose <c>X-Forwarded-For</c> is believed.</param>
    public sealed record Gateway(string Listen, string? Client, string? Sticky, IReadOnlyList<string> TrustedProxies) : RouterSpec;

    /// <summary>Nothing: a revision has all traffic or none.</summary>
    public sealed record None : RouterSpec;
}

/// <summary>Where the numbers of one environment come from.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Gateway), "gateway")]
[JsonDerivedType(typeof(Prometheus), "prometheus")]
[JsonDerivedType(typeof(None), "none")]
public abstract record MetricsSpec
{
    private MetricsSpec()
    {
    }

    /// <summary>How long after something happened the source has counted it; intervals are closed this much later.</summary>
    [JsonIgnore]
    public virtual TimeSpan Delay => TimeSpan.Zero;

    /// <summary>What the gateway counted.</summary>
    public sealed record Gateway : MetricsSpec;

    /// <summary>
    /// Raw counters of a Prometheus, one series per revision: never a rate, whose windows overlap and count one bad minute several times.
    /// </summary>
    /// <param name="Access">Its server.</param>
    /// <param name="RevisionLabel">The label that names the revision.</param>
    /// <param name="Requests">PromQL of the requests counted so far, by the label.</param>
    /// <param name="Errors">PromQL of those that failed, by the label.</param>
    /// <param name="Latency">PromQL of the cumulative histogram in seconds, by the label and <c>le</c>; null for none.</param>
    /// <param name="Late">How late samples arrive at most: it is asked for the time this long ago, so that no interval changes afterwards.</param>
    public sealed record Prometheus(
        HttpAccess Access, string RevisionLabel, string Requests, string Errors, string? Latency, TimeSpan Late) : MetricsSpec
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override TimeSpan Delay => Late;
    }

    /// <summary>No numbers: soaks look at health and smoke tests only.</summary>
    public sealed record None : MetricsSpec;
}

/// <summary>One variable of an environment and where its value comes from. Exactly one source is set, or none for an optional one.</summary>
/// <param name="Name">As the process sees it.</param>
/// <param name="Required">Whether the environment is invalid without it.</param>
/// <param name="Format">What the value must look like.</param>
/// <param name="Value">The literal; never for <see cref="VariableFormat.Secret"/> or <see cref="VariableFormat.Key"/>.</param>
/// <param name="FromVariable">Name of a variable of the server's own environment.</param>
/// <param name="FromSecret">Name in the secret store.</param>
/// <param name="OneOf">The values allowed for <see cref="VariableFormat.Enum"/>.</param>
public sealed record VariableSpec(
    string Name,
    bool Required,
    VariableFormat Format,
    string? Value = null,
    string? FromVariable = null,
    string? FromSecret = null,
    IReadOnlyList<string>? OneOf = null);

/// <summary>What a variable's value must look like.</summary>
public enum VariableFormat
{
    /// <summary>Any text.</summary>
    Text,

    /// <summary>An absolute http or https URL.</summary>
    Url,

    /// <summary>A postgres:// or postgresql:// URL with host and database.</summary>
    PostgresUrl,

    /// <summary>An API key: 16 or more characters without blanks.</summary>
    Key,

    /// <summary>Any text that must never be shown, 8 characters or more.</summary>
    Secret,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>One of a list.</summary>
    Enum,
}
