using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sluice.Api.Health;
using Sluice.Api.Http;
using Sluice.Api.Keys;
using Sluice.Api.Management;
using Sluice.Api.Settings;
using Route = Sluice.Api.Http.Route;

namespace Sluice.Api;

/// <summary>
/// Adds the API to a host. The host registers what it stands on: the registry's ports, a <c>DurableClient</c>, a <c>RolloutService</c>
/// and, where it has them, <see cref="HealthProbe"/>s and <see cref="FigureSource"/>s.
/// </summary>
public static class SluiceApi
{
    /// <summary>The services behind the routes.</summary>
    /// <param name="services">The host's container.</param>
    /// <param name="groups">Who belongs together.</param>
    /// <param name="systemKey">Opens the management routes, where this host serves them.</param>
    public static IServiceCollection AddSluiceApi(this IServiceCollection services, GroupsSettings groups, SystemKey systemKey)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(groups);
        services.TryAddSingleton(systemKey);
        services.TryAddSingleton(ManagementUris.ServedHere(systemKey));
        services.TryAddSingleton<Doorkeeper>();
        services.TryAddSingleton<RequestFigures>();
        services.TryAddSingleton<RoutePipeline>();
        return services;
    }

    /// <summary>Answers the table's routes on an ASP.NET Core pipeline; what matches nothing is a problem document as well.</summary>
    /// <param name="app">The pipeline.</param>
    /// <param name="routes">Which routes this host serves.</param>
    public static void UseSluice(this IApplicationBuilder app, IEnumerable<Route> routes)
    {
        var pipeline = app.ApplicationServices.GetRequiredService<RoutePipeline>();
        app.UseStatusCodePages(async context =>
        {
            var http = context.HttpContext;
            var problem = Problem.ForStatus(http.Response.StatusCode, http.Request.Method, http.Request.Path) with { Instance = http.Request.Path };
            await problem.ToResult().ExecuteAsync(http);
        });
        app.UseRouting();
        app.UseEndpoints(endpoints =>
        {
            foreach (var route in routes)
            {
                endpoints.MapMethods(route.Pattern, [route.Method], (HttpContext http) => pipeline.InvokeAsync(http, route));
            }
        });
    }
}
