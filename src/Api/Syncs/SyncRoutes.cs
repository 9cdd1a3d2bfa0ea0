using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Api.Http;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Domain.Plans;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Syncs;

/// <summary>The syncs of the catalogue: start one by hand, see what is under way and what became of those before.</summary>
internal static class SyncRoutes
{
    private const string Schedule = "v1/admin/pricing/scheduler";
    private const string Status = "v1/admin/pricing/scheduler/status";
    private const string Trigger = "v1/admin/pricing/scheduler/trigger";

    // Between the end of a run and that of its orchestration.
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(10);

    public static IEnumerable<Route> All =>
    [
        new("POST", "v1/admin/sync", Access.Admin, (call, token) => StartAsync(call, SyncKinds.Models, token)) { Action = "sync.models" },
        new("GET", "v1/admin/sync/history", Access.Admin, HistoryAsync),
        new("GET", "v1/admin/sync/runs/{id}", Access.Admin, FindAsync),
        new("GET", "v1/admin/sync/scheduler/status", Access.Admin, (call, token) => StatusAsync(call, SyncKinds.Models, token)),
        new("PUT", "v1/admin/sync/scheduler", Access.Admin, (call, token) => LimitAsync(call, SyncKinds.Models, token)) { Action = "sync.models.limit" },
        new("GET", Status, Access.Admin, (call, token) => StatusAsync(call, SyncKinds.Prices, token)),
        new("PUT", Schedule, Access.Admin, (call, token) => LimitAsync(call, SyncKinds.Prices, token)) { Action = "sync.prices.limit" },
        new("POST", Trigger, Access.Admin, (call, token) => StartAsync(call, SyncKinds.Prices, token)) { Action = "sync.prices" },
        // Where scripts of the price sync look for them.
        new("GET", Status["v1/".Length..], Access.Admin, (call, token) => StatusAsync(call, SyncKinds.Prices, token)) { EmbeddedOnly = true },
        new("POST", Trigger["v1/".Length..], Access.Admin, (call, token) => StartAsync(call, SyncKinds.Prices, token))
        {
            Action = "sync.prices",
            EmbeddedOnly = true,
        },
    ];

    private static async Task<IResult> StartAsync(Call call, string kind, CancellationToken cancellationToken)
    {
        var body = await call.ReadOptionalBodyAsync<StartSync>(cancellationToken) ?? new StartSync();
        call.Subject = kind;
        call.Detail = (body.Force, body.DryRun) switch
        {
            (true, false) => "force",
            (false, true) => "dry run",
            (true, true) => "force, dry run",
            _ => null,
        };
        var start = await Demand<SyncScheduler>(call).StartAsync(kind, call.Caller.Name, body.Force, body.DryRun, cancellationToken);
        if (!start.WasStarted && await Demand<SyncStore>(call).FindRunAsync(start.RunId, cancellationToken) is { EndedAt: not null })
        {
            // Whoever has seen the run end may start the next: its orchestration is about to end as well.
            await EndAsync(call, start.InstanceId, cancellationToken);
            start = await Demand<SyncScheduler>(call).StartAsync(kind, call.Caller.Name, body.Force, body.DryRun, cancellationToken);
        }

        if (!start.WasStarted)
        {
            throw new ProblemException(
                Problem.Conflict("sync-running", $"The sync {start.RunId} is under way, and one of a kind runs at a time. Ask again when it has ended.")
                    with
                { SyncId = start.RunId });
        }

        var uri = $"{call.BaseUrl}/v1/admin/sync/runs/{start.RunId}";
        call.Http.Response.Headers.Location = uri;
        return TypedResults.Json(new SyncStarted(start.RunId, uri), ApiJson.Options, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task EndAsync(Call call, string instanceId, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(LastMoment, call.Service<TimeProvider>());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await call.Service<DurableClient>().WaitForInstanceCompletionAsync(instanceId, cancellationToken: either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It stands still: the answer is that it is under way.
        }
        catch (InstanceNotFoundException)
        {
            // Ended and purged meanwhile.
        }
    }

    private static async Task<IResult> HistoryAsync(Call call, CancellationToken cancellationToken)
    {
        var query = call.Query;
        var (limit, kind) = (query.Integer("limit", 10, 1, 100), query.Word<SyncKind>("kind") ?? SyncKind.Models);
        var (of, cursor) = (query.Word<SyncHistory>("of") ?? SyncHistory.Recent, query.Text("cursor"));
        query.ThrowIfFaulty();
        var archived = call.Service<TimeProvider>().GetUtcNow() - SyncStore.ArchivedAfter;
        var runs = await Demand<SyncStore>(call).ListRunsAsync(
            new SyncRunQuery(
                kind == SyncKind.Models ? SyncKinds.Models : SyncKinds.Prices,
                limit + 1,
                of == SyncHistory.Recent ? archived : null,
                of == SyncHistory.Archive ? archived : null,
                cursor),
            cancellationToken);
        var page = runs.Take(limit).ToList();
        return TypedResults.Json(new Page<SyncRun>(page, runs.Count > limit ? page[^1].Id : null), ApiJson.Options);
    }

    // A dry run stands in no history: what it found is its orchestration's output.
    private static async Task<IResult> FindAsync(Call call, CancellationToken cancellationToken)
    {
        var id = call.Value("id");
        if (await Demand<SyncStore>(call).FindRunAsync(id, cancellationToken) is { } run)
        {
            return TypedResults.Json(run, ApiJson.Options);
        }

        foreach (var kind in new[] { SyncKinds.Models, SyncKinds.Prices })
        {
            foreach (var instance in new[] { SyncScheduler.InstanceId(kind), SyncScheduler.DryRunInstanceId(kind) })
            {
                var found = await call.Service<DurableClient>().GetInstanceAsync(instance, getInputsAndOutputs: true, cancellationToken);
                if (found?.ReadInputAs<SyncInput>()?.RunId == id)
                {
                    return TypedResults.Json(
                        found.IsTerminal && found.ReadOutputAs<SyncReport>() is { } report ? report : new SyncReport(id, SyncStatuses.Running, []), ApiJson.Options);
                }
            }
        }

        throw new ProblemException(Problem.NotFound($"There is no sync '{id}'."));
    }

    private static async Task<IResult> StatusAsync(Call call, string kind, CancellationToken cancellationToken)
    {
        var settings = await Demand<SyncScheduler>(call).SettingsAsync(cancellationToken);
        var limit = (await Demand<SyncLimits>(call).ReadAsync(cancellationToken)).FirstOrDefault(limit => limit.Kind == kind);
        var last = await Demand<SyncStore>(call).ListRunsAsync(kind, 1, cancellationToken) is [var newest, ..] ? newest : null;
        var instance = await call.Service<DurableClient>().GetInstanceAsync(SyncScheduler.InstanceId(kind), getInputsAndOutputs: true, cancellationToken);
        var running = instance is { IsTerminal: false } ? instance.ReadInputAs<SyncInput>()?.RunId : null;
        var interval = settings.IntervalOf(kind);
        return TypedResults.Json(
            new SchedulerStatus(interval is not null, running is not null, running, interval?.TotalHours, settings.SourcesOf(kind), limit, last), ApiJson.Options);
    }

    private static async Task<IResult> LimitAsync(Call call, string kind, CancellationToken cancellationToken)
    {
        var body = await call.ReadBodyAsync<SetSchedule>(cancellationToken);
        var known = SyncSettings.KnownSourcesOf(kind);
        List<PlanFault> faults = [];
        if (body.IntervalHours is < 1 or > 168)
        {
            faults.Add(new PlanFault("out-of-range", "intervalHours", 0, 0, $"intervalHours is from 1 to 168, not {body.IntervalHours}."));
        }

        if (body.Providers is { } providers && (providers.Count == 0 || !providers.All(known.Contains)))
        {
            faults.Add(new PlanFault("unknown-value", "providers", 0, 0, $"providers are some of {string.Join(", ", known)}, not '{string.Join(", ", providers)}'."));
        }

        if (faults.Count > 0)
        {
            throw new ProblemException(Problem.BadRequest(faults));
        }

        var limit = new SyncLimit(
            kind, body.Enabled, body.IntervalHours, body.Providers?.Distinct().ToList(), call.Caller.Name, call.Service<TimeProvider>().GetUtcNow(), body.Reason);
        call.Subject = kind;
        call.Detail = string.Join(", ", new[]
        {
            limit.Enabled ? null : "off",
            limit.IntervalHours is { } hours ? $"every {hours} h at most" : null,
            limit.Sources is { } sources ? $"only {string.Join(" and ", sources)}" : null,
            limit.Limits ? null : "as the settings say",
            limit.Reason,
        }.OfType<string>());
        await Demand<SyncLimits>(call).SetAsync(limit, cancellationToken);
        return await StatusAsync(call, kind, cancellationToken);
    }

    private static T Demand<T>(Call call)
        where T : class =>
        call.Http.RequestServices.GetService<T>()
        ?? throw new ProblemException(Problem.NotFound("This server keeps no catalogue, so there is nothing to sync."));
}

/// <summary>Which syncs a history is of.</summary>
internal enum SyncKind
{
    Models,
    Prices,
}

/// <summary>Which part of a history.</summary>
internal enum SyncHistory
{
    /// <summary>Runs of the last 30 days.</summary>
    Recent,

    /// <summary>Those before.</summary>
    Archive,
}

/// <summary>Body of the routes that start a sync.</summary>
/// <param name="Force">Whether what came is believed whatever the guards say; stands in the audit trail and in the history.</param>
/// <param name="DryRun">Whether only to say what would change.</param>
public sealed record StartSync(bool Force = false, bool DryRun = false);

/// <summary>A sync that has begun.</summary>
/// <param name="Id">Its id.</param>
/// <param name="StatusUri">Where it tells how it goes.</param>
public sealed record SyncStarted(string Id, string StatusUri);

/// <summary>Body of the routes that limit a schedule: all of it at once, so that sending it twice is sending it once.</summary>
/// <param name="Enabled">False switches the schedule off; true leaves it as the settings say.</param>
/// <param name="IntervalHours">A run no more often than that; null as the settings say.</param>
/// <param name="Providers">Only these, of the sources or providers that the settings name; null for all of them.</param>
/// <param name="Reason">Stands in the audit trail and in the status.</param>
public sealed record SetSchedule(bool Enabled = true, int? IntervalHours = null, IReadOnlyList<string>? Providers = null, string? Reason = null);

/// <summary>How a schedule stands.</summary>
/// <param name="Enabled">Whether it starts runs by itself.</param>
/// <param name="Running">Whether one is under way.</param>
/// <param name="RunningId">Which; null when none is.</param>
/// <param name="IntervalHours">How often; null when only by hand.</param>
/// <param name="Providers">Of which providers or sources.</param>
/// <param name="Limit">What was taken away from the settings; null when nothing was.</param>
/// <param name="LastRun">The newest in the history, with what became of each provider; null before the first.</param>
public sealed record SchedulerStatus(
    bool Enabled, bool Running, string? RunningId, double? IntervalHours, IReadOnlyList<string> Providers, SyncLimit? Limit, SyncRun? LastRun);
