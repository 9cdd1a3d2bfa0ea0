using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Api;
using Sluice.Api.Http;
using Sluice.Catalog.Store;
using Sluice.Catalog.Syncs;
using Sluice.Functions.Adapters;
using Sluice.Orchestration.Schedules;
using Sluice.Registry;

namespace Sluice.Functions.Hosting;

/// <summary>
/// What every invocation but an orchestrator's turn needs first: the client that it brings, and an open registry. Orchestrators get
/// neither; anything asynchronous before one breaks its replay.
/// </summary>
public sealed class Invocations(
    IServiceProvider services, FunctionsRunner runner, FunctionsDurableClient durable, AzureRegistry registry, ILogger<Invocations> logger)
{
    private readonly Lazy<RequestDelegate> _api = new(() => BuildApi(services));

    /// <summary>One attempt of an activity.</summary>
    /// <exception cref="RegistryException">The registry cannot be opened; the attempt is tried again.</exception>
    public async Task<JsonElement?> RunActivityAsync(
        string name, string instanceId, JsonElement? input, DurableTaskClient client, IServiceProvider scope, CancellationToken cancellationToken)
    {
        durable.Use(client);
        await registry.EnsureOpenAsync(cancellationToken);
        return await runner.RunActivityAsync(name, instanceId, input, scope, cancellationToken);
    }

    /// <summary>Starts what is due; a registry that cannot be opened is asked again at the next tick.</summary>
    public async Task StartDueAsync(IReadOnlyList<Schedule> schedules, DurableTaskClient client, CancellationToken cancellationToken)
    {
        durable.Use(client);
        try
        {
            await registry.EnsureOpenAsync(cancellationToken);
            await services.GetRequiredService<Scheduler>().StartDueAsync(schedules, cancellationToken);
        }
        catch (RegistryException e)
        {
            logger.SchedulesFailed(string.Join(", ", schedules.Select(s => s.InstanceId)), e.Message);
        }
    }

    /// <summary>Starts the syncs that are due, on a host that keeps a catalogue; what fails is asked again at the next tick.</summary>
    public async Task StartDueSyncsAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (services.GetService<SyncScheduler>() is not { } syncs)
        {
            return;
        }

        durable.Use(client);
        try
        {
            await registry.EnsureOpenAsync(cancellationToken);
            await syncs.StartDueAsync(cancellationToken);
        }
        catch (Exception e) when (e is RegistryException or CatalogStoreException or FormatException)
        {
            logger.SchedulesFailed("Syncs", e.Message);
        }
    }

    /// <summary>Answers one request by the table of routes.</summary>
    /// <returns>Nothing more to write, unless the registry could not be opened.</returns>
    public async Task<IResult> AnswerAsync(HttpContext http, DurableTaskClient client)
    {
        durable.Use(client);
        try
        {
            await registry.EnsureOpenAsync(http.RequestAborted);
        }
        catch (RegistryException e)
        {
            // No key can be checked without it. What it says names place and cause, and no secret.
            logger.RegistryClosed(e.Message);
            return (Problem.Of(StatusCodes.Status503ServiceUnavailable, "registry-unavailable", "The registry does not answer.", e.Message)
                with
            { Instance = http.Request.Path }).ToResult();
        }

        // The host forwards to the worker under an address of this machine; links in answers begin with the one that clients use.
        var reached = durable.ManagementUri("any");
        http.Request.Scheme = reached.Scheme;
        http.Request.Host = new HostString(reached.Authority);

        // The worker has routed the request to its one function already; our table routes it again.
        http.SetEndpoint(null);
        http.Request.RouteValues.Clear();
        await _api.Value(http);
        return Results.Empty;
    }

    private static RequestDelegate BuildApi(IServiceProvider services)
    {
        var app = new ApplicationBuilder(services);
        app.UseSluice(RouteTable.Routes.Where(r => !r.EmbeddedOnly));
        return app.Build();
    }
}
