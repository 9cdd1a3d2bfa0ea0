using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Domain.Plans;
using Sluice.Domain.Syncs;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Http;

/// <summary>
/// Syncs of a server that answers as Sluice's own hosts do: <c>GET /v1/admin/sync/history</c>, and <c>GET …/status</c> and <c>PUT</c> of
/// <c>/v1/admin/pricing/scheduler</c> or <c>/v1/admin/sync/scheduler</c>.
/// </summary>
/// <param name="secrets">Where its key comes from.</param>
public sealed class HttpSyncs(ISecretStore secrets) : ISyncs
{
    private const int PageSize = 100;
    private const int MostPages = 10;
    private const int MostErrors = 3;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly MetricServer _server = new(secrets);

    /// <inheritdoc/>
    public async Task<SyncSighting> ReadAsync(HttpAccess access, SyncKind kind, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var status = await StatusAsync(access, kind, cancellationToken);
        List<SyncSeen> seen = [];
        string? cursor = null;
        for (var page = 0; page < MostPages; page++)
        {
            var more = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
            var runs = await AskAsync<History>(
                access, HttpMethod.Get, $"v1/admin/sync/history?kind={kind.ToString().ToLowerInvariant()}&limit={PageSize}{more}", null, cancellationToken);
            seen.AddRange(runs.Items.Where(run => run.StartedAt >= since).Select(Seen));
            // Newest first: what follows an earlier one is earlier still.
            if ((cursor = runs.Cursor) is null || runs.Items.Any(run => run.StartedAt < since))
            {
                break;
            }
        }

        return new SyncSighting(status.Enabled, status.IntervalHours is { } hours ? TimeSpan.FromHours(hours) : null, seen);
    }

    /// <inheritdoc/>
    public async Task<string> EnsureLimitedAsync(HttpAccess access, SyncKind kind, SyncFailureAction action, string reason, CancellationToken cancellationToken)
    {
        var before = await StatusAsync(access, kind, cancellationToken);
        if (Holds(before, action) is { } already)
        {
            return already;
        }

        // What somebody took away before stays away.
        var change = new Change(before.Limit?.Enabled ?? true, before.Limit?.IntervalHours, before.Limit?.Sources, reason);
        change = action.Kind switch
        {
            SyncFailureKind.Disable => change with { Enabled = false },
            SyncFailureKind.Widen => change with { IntervalHours = (int)action.Interval!.Value.TotalHours },
            SyncFailureKind.Providers => change with { Providers = [.. before.Providers.Intersect(action.Providers)] },
            _ => throw new PlatformException(PlatformError.Invalid, $"{action.Kind} changes no schedule."),
        };
        if (change.Providers is { Count: 0 })
        {
            throw new PlatformException(
                PlatformError.Invalid, $"None of {string.Join(", ", action.Providers)} is synced by {access.Url}, only {string.Join(", ", before.Providers)}.");
        }

        await AskAsync<Status>(access, HttpMethod.Put, Schedule(kind), change, cancellationToken);
        var after = await StatusAsync(access, kind, cancellationToken);
        return Holds(after, action) ?? throw new PlatformException(
            PlatformError.NotApplied, $"{access.Url} took the change of its schedule, and does not show it: {Text(after)}.");
    }

    private static string? Holds(Status status, SyncFailureAction action) =>
        (action.Kind switch
        {
            SyncFailureKind.Disable => !status.Enabled,
            SyncFailureKind.Widen => !status.Enabled || status.IntervalHours >= action.Interval!.Value.TotalHours,
            _ => status.Providers.Count > 0 && status.Providers.All(action.Providers.Contains),
        }) ? Text(status) : null;

    private static string Text(Status status) => status.Enabled
        ? string.Create(CultureInfo.InvariantCulture, $"the schedule syncs {string.Join(", ", status.Providers)} every {status.IntervalHours} h")
        : "the schedule is off";

    private static SyncSeen Seen(Run run) => new(
        run.Id,
        run.Status,
        run.StartedBy,
        run.StartedAt,
        run.EndedAt,
        run.Sources.Sum(source => source.Fetched),
        run.Sources.Sum(source => source.Quarantined),
        [.. run.Sources.SelectMany(source => (source.Errors ?? []).Select(error => MetricServer.Excerpt($"{source.Source}: {error}"))).Take(MostErrors)]);

    private static string Schedule(SyncKind kind) => kind == SyncKind.Prices ? "v1/admin/pricing/scheduler" : "v1/admin/sync/scheduler";

    private Task<Status> StatusAsync(HttpAccess access, SyncKind kind, CancellationToken cancellationToken) =>
        AskAsync<Status>(access, HttpMethod.Get, Schedule(kind) + "/status", null, cancellationToken);

    private async Task<T> AskAsync<T>(HttpAccess access, HttpMethod method, string path, Change? body, CancellationToken cancellationToken)
    {
        var url = new Uri($"{access.Url.TrimEnd('/')}/{path}");
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Accept.ParseAdd("application/json");
        request.Content = body is null ? null : JsonContent.Create(body, options: Json);
        var (status, text) = await _server.SendAsync(request, access, cancellationToken);
        var shown = $"{method} {MetricServer.Show(url)}";
        if ((int)status is < 200 or > 299)
        {
            throw new PlatformException(Meaning(status), $"{shown} answered {(int)status}: {MetricServer.Excerpt(text)}");
        }

        try
        {
            return JsonSerializer.Deserialize<T>(text, Json) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new PlatformException(PlatformError.Invalid, $"{shown} answered something else than the syncs of a server: {e.Message}");
        }
    }

    private static PlatformError Meaning(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => PlatformError.Unauthorized,
        HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed => PlatformError.NotFound,
        HttpStatusCode.TooManyRequests => PlatformError.Throttled,
        >= HttpStatusCode.InternalServerError => PlatformError.Unreachable,
        _ => PlatformError.Invalid,
    };

    // What a server must say; what else it says is its own affair.
    private sealed record Status([property: JsonRequired] bool Enabled, double? IntervalHours, [property: JsonRequired] IReadOnlyList<string> Providers, Limit? Limit);

    private sealed record Limit(bool Enabled, int? IntervalHours, IReadOnlyList<string>? Sources);

    private sealed record Change(bool Enabled, int? IntervalHours, IReadOnlyList<string>? Providers, string Reason);

    private sealed record History([property: JsonRequired] IReadOnlyList<Run> Items, string? Cursor);

    private sealed record Run(
        [property: JsonRequired] string Id,
        [property: JsonRequired] string Status,
        string? StartedBy,
        [property: JsonRequired] DateTimeOffset StartedAt,
        DateTimeOffset? EndedAt,
        [property: JsonRequired] IReadOnlyList<SourceRun> Sources);

    private sealed record SourceRun(string? Source, long Fetched, long Quarantined, IReadOnlyList<string>? Errors);
}
