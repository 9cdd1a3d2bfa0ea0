using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Api.Http;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Syncs;

/// <summary>The syncs of the catalogue: start one by hand, see what is under way and what became of those before.</summary>
internal static class SyncRoutes
{
    private const string Status = "v1/admin/pricing/scheduler/status";
    private const string Trigger = "v1/admin/pricing/scheduler/trigger";

    public static IEnumerable<Route> All =>
    [
        new("POST", "v1/admin/sync", Access.Admin, (call, token) => StartAsync(call, SyncKinds.Models, token)) { Action = "sync.models" },
        new("GET", "v1/admin/sync/history", Access.Admin, HistoryAsync),
        new("GET", "v1/admin/sync/runs/{id}", Access.Admin, FindAsync),
        new("GET", Status, Access.Admin, StatusAsync),
        new("POST", Trigger, Access.Admin, (call, token) => StartAsync(call, SyncKinds.Prices, token)) { Action = "sync.prices" },
        // Where scripts of the price sync look for them.
        new("GET", Status["v1/".Length..], Access.Admin, StatusAsync) { EmbeddedOnly = true },
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

    private static async Task<IResult> HistoryAsync(Call call, CancellationToken cancellationToken)
    {
        var query = call.Query;
        var (limit, kind) = (query.Integer("limit", 10, 1, 100), query.Word<SyncKind>("kind") ?? SyncKind.Models);
        query.ThrowIfFaulty();
        var runs = await Demand<SyncStore>(call).ListRunsAsync(kind == SyncKind.Models ? SyncKinds.Models : SyncKinds.Prices, limit, cancellationToken);
        return TypedResults.Json(new Page<SyncRun>(runs, null), ApiJson.Options);
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

    private static async Task<IResult> StatusAsync(Call call, CancellationToken cancellationToken)
    {
        var settings = Demand<SyncScheduler>(call).Settings;
        var last = await Demand<SyncStore>(call).ListRunsAsync(SyncKinds.Prices, 1, cancellationToken) is [var newest, ..] ? newest : null;
        var instance = await call.Service<DurableClient>().GetInstanceAsync(SyncScheduler.InstanceId(SyncKinds.Prices), getInputsAndOutputs: true, cancellationToken);
        var running = instance is { IsTerminal: false } ? instance.ReadInputAs<SyncInput>()?.RunId : null;
        return TypedResults.Json(
            new PricingSchedulerStatus(
                settings.PricingInterval is not null, running is not null, running, settings.PricingInterval?.TotalHours, settings.PricingProviders, last),
            ApiJson.Options);
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

/// <summary>Body of the routes that start a sync.</summary>
/// <param name="Force">Whether what came is believed whatever the guards say; stands in the audit trail and in the history.</param>
/// <param name="DryRun">Whether only to say what would change.</param>
public sealed record StartSync(bool Force = false, bool DryRun = false);

/// <summary>A sync that has begun.</summary>
/// <param name="Id">Its id.</param>
/// <param name="StatusUri">Where it tells how it goes.</param>
public sealed record SyncStarted(string Id, string StatusUri);

/// <summary>How the pricing sync stands.</summary>
/// <param name="Enabled">Whether it runs by itself.</param>
/// <param name="Running">Whether one is under way.</param>
/// <param name="RunningId">Which; null when none is.</param>
/// <param name="IntervalHours">How often; null when only by hand.</param>
/// <param name="Providers">Whose prices.</param>
/// <param name="LastRun">The newest in the history, with what became of each provider; null before the first.</param>
public sealed record PricingSchedulerStatus(
    bool Enabled, bool Running, string? RunningId, double? IntervalHours, IReadOnlyList<string> Providers, SyncRun? LastRun);
