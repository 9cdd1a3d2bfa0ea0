using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sluice.Api.Health;
using Sluice.Api.Http;
using Sluice.Api.Keys;
using Sluice.Api.Management;
using Sluice.Api.Settings;

namespace Sluice.Api;

/// <summary>
/// Adds the API to a host. The host registers what it stands on: the registry's ports, a <c>DurableClient</c>, a <c>RolloutService</c>
/// and, where it has them, <see cref="HealthProbe"/>s and <see cref="FigureSource"/>s.
/// </summary>
public static class SluiceApi
{
    /// <summary>The services behind the routes.</summary>
    public static IServiceCollection AddSluiceApi(this IServiceCollection services, GroupsSettings groups, SystemKey systemKey)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(groups);
        services.TryAddSingleton(systemKey);
        services.TryAddSingleton<ManagementUris>();
        services.TryAddSingleton<Doorkeeper>();
        services.TryAddSingleton<RequestFigures>();
        services.TryAddSingleton<RoutePipeline>();
        return services;
    }

    /// <summary>Answers the whole table on an ASP.NET Core host; what matches nothing is a problem document as well.</summary>
    public static void MapSluice(this WebApplication app)
    {
        app.UseStatusCodePages(async context =>
        {
            var http = context.HttpContext;
            var problem = Problem.ForStatus(http.Response.StatusCode, http.Request.Method, http.Request.Path) with { Instance = http.Request.Path };
            await problem.ToResult().ExecuteAsync(http);
        });
        app.UseRouting();
        app.MapSluiceRoutes();
    }

    /// <summary>Answers the whole table.</summary>
    public static void MapSluiceRoutes(this IEndpointRouteBuilder endpoints)
    {
        var pipeline = endpoints.ServiceProvider.GetRequiredService<RoutePipeline>();
        foreach (var route in RouteTable.Routes)
        {
            endpoints.MapMethods(route.Pattern, [route.Method], (HttpContext http) => pipeline.InvokeAsync(http, route));
        }
    }
}
