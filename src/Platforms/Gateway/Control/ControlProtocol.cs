using Sluice.Orchestration.Ports;
using Sluice.Platforms.Process;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>
/// What server and gateway say to each other: JSON over HTTP over a Unix socket, one POST path per operation. All operations are
/// <em>ensure</em>: twice is once. Another minor version understands everything; another major version is refused.
/// </summary>
internal static class ControlProtocol
{
    /// <summary>Changes when an older peer could misunderstand.</summary>
    public const int Major = 1;

    /// <summary>Changes when something was added.</summary>
    public const int Minor = 0;

    /// <summary>On every request and answer: <c>1.0</c>.</summary>
    public const string Header = "Sluice-Protocol";

    public const string StatusPath = "/status";
    public const string ListenPath = "/listen";
    public const string StartPath = "/start";
    public const string RevisionsPath = "/revisions";
    public const string StopPath = "/stop";
    public const string SetTrafficPath = "/set-traffic";
    public const string TrafficPath = "/traffic";
    public const string CountsPath = "/counts";
    public const string ProbePath = "/probe";
    public const string ShutdownPath = "/shutdown";

    /// <summary>This side's version, as in the header.</summary>
    public static string Version { get; } = $"{Major}.{Minor}";

    /// <summary>Whether a peer that says this can be talked to.</summary>
    public static bool Understands(string? version) =>
        version is not null && version.Split('.') is [var major, ..] && int.TryParse(major, out var number) && number == Major;
}

/// <summary>Where an operation acts.</summary>
internal sealed record EnvironmentKey(string Service, string Environment);

/// <summary>Start a revision if it does not run.</summary>
/// <param name="Listener">Made sure of first, so that a taken port is known before anything runs; null for none.</param>
/// <param name="Revision">What to run.</param>
/// <param name="Values">The variables' values as the server has them; kept in memory only.</param>
/// <param name="Fence">Guards.</param>
/// <param name="IdempotencyKey">The same for each retry.</param>
internal sealed record StartRevision(
    ListenerSpec? Listener, RevisionSpec Revision, VariableValues Values, Fence Fence, string IdempotencyKey);

/// <summary>Drain and stop a revision.</summary>
internal sealed record StopRevision(EnvironmentKey At, string Revision, Fence Fence);

/// <summary>Set the weights.</summary>
internal sealed record SetTraffic(EnvironmentKey At, ListenerSpec Listener, Traffic Wanted, Fence Fence, string IdempotencyKey);

/// <summary>Revisions that exist.</summary>
internal sealed record RevisionList(IReadOnlyList<RevisionState> Revisions);

/// <summary>How to reach a listener as a probe.</summary>
internal sealed record ProbeAccess(string Address, string Token);

/// <summary>Drain and stop: everything and the gateway itself, or one service, or one environment of it.</summary>
internal sealed record Shutdown(string? Service, string? Environment);

/// <summary>Done.</summary>
internal sealed record Done;

/// <summary>Refused or failed.</summary>
internal sealed record Refusal(PlatformError Error, string Message);

/// <summary>What runs in a gateway.</summary>
/// <param name="Pid">Its process.</param>
/// <param name="Version">Of the program.</param>
/// <param name="Protocol">Of the socket.</param>
/// <param name="Epoch">Of its counts.</param>
/// <param name="StartedAt">UTC.</param>
/// <param name="Environments">Each that it knows.</param>
public sealed record GatewayStatus(
    int Pid, string Version, string Protocol, string Epoch, DateTimeOffset StartedAt, IReadOnlyList<EnvironmentStatus> Environments);

/// <summary>One environment of a gateway.</summary>
/// <param name="Service">Whose.</param>
/// <param name="Environment">Which.</param>
/// <param name="Address">Where it listens; null when it does not.</param>
/// <param name="Message">Why it does not listen, when it should.</param>
/// <param name="Traffic">The weights in force.</param>
/// <param name="Revisions">All that exist.</param>
public sealed record EnvironmentStatus(
    string Service, string Environment, string? Address, string? Message, Traffic Traffic, IReadOnlyList<RevisionState> Revisions);
