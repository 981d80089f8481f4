//! The peer: MCP Toolbox for Databases over the same customers, in tables with the indexes that its
//! three statements want.

use crate::client::{Client, post};
use crate::database::Database;
use crate::server::{Server, free_port};
use crate::shop::{Customer, user_id};
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;

/// Its tools beside ours that answer the same question.
pub const TOOLS: [(&str, &str); 3] = [
    ("get_customer_context", "get_customer"),
    ("recent_purchases", "recent_orders"),
    ("open_tickets", "open_tickets"),
];
/// Customers of one statement that fills tables.
const FILLED_AT_ONCE: usize = 100;

const TABLES: &str = "
create table customers (id bigint primary key, user_id text not null unique, email text not null unique, name text not null,
    phone text, plan text, city text, country text);
create table orders (id bigint primary key, customer_id bigint not null, placed_at bigint not null, total_cents bigint not null,
    currency text not null, status text not null, products text not null);
create table tickets (id bigint primary key, customer_id bigint not null, opened_at bigint not null, status text not null,
    priority text, channel text, subject text);";
/// Made when the tables are full, which is quicker.
const INDEXES: &str = "
create index orders_newest on orders (customer_id, placed_at);
create index tickets_newest on tickets (customer_id, opened_at);
analyze customers; analyze orders; analyze tickets;";

/// Fills a database with the first customers and starts the Toolbox on it.
pub async fn start(
    program: &Path,
    database: &Database,
    customers: usize,
    folder: &Path,
) -> Result<Server, Box<dyn Error>> {
    let fill = (0..customers).step_by(FILLED_AT_ONCE);
    let fill = fill.map(|from| rows(from..customers.min(from + FILLED_AT_ONCE)));
    let statements = std::iter::once(TABLES.to_owned()).chain(fill);
    database
        .execute_all(statements.chain(std::iter::once(INDEXES.to_owned())))
        .await?;
    let name = format!("toolbox-{}", database.engine());
    let config = folder.join(format!("{name}.yaml"));
    // JSON is YAML.
    std::fs::write(&config, serde_json::to_string_pretty(&words(database)?)?)?;
    let port = free_port()?;
    let mut command = Command::new(program);
    command.arg("--config").arg(config).current_dir(folder);
    command.args([
        "--enable-api",
        "--disable-version-check",
        "--disable-reload",
    ]);
    command.args(["--log-level", "ERROR", "--address", "127.0.0.1"]);
    command.args(["--port", &port.to_string()]);
    let log = folder.join(format!("{name}.log"));
    let backend = database.backend();
    let server = Server::start(command, port, "/", &log, backend.as_deref()).await?;
    check(&server).await?;
    Ok(server)
}

/// Rows of some customers, as statements.
fn rows(numbers: std::ops::Range<usize>) -> String {
    let (mut customers, mut orders, mut tickets) = (Vec::new(), Vec::new(), Vec::new());
    for customer in numbers.map(Customer::of) {
        let (id, person) = (customer.number, &customer.person);
        let (city, country) = person.place;
        let user = user_id(id);
        let (email, name, phone, plan) = (&person.email, &person.name, &person.phone, person.plan);
        customers.push(format!(
            "({id},'{user}','{email}','{name}','{phone}','{plan}','{city}','{country}')"
        ));
        for (nth, (at, order)) in customer.orders.iter().enumerate() {
            let (at, total, status) = (at.ms(), order.total, order.status);
            let products = json!(order.products);
            let row = id * customer.orders.len() + nth;
            orders.push(format!(
                "({row},{id},{at},{total},'USD','{status}','{products}')"
            ));
        }
        for (nth, (at, ticket)) in customer.tickets.iter().enumerate() {
            let (at, status, priority) = (at.ms(), ticket.status, ticket.priority);
            let (channel, subject) = (ticket.channel, ticket.subject);
            let row = id * customer.tickets.len() + nth;
            tickets.push(format!(
                "({row},{id},{at},'{status}','{priority}','{channel}','{subject}')"
            ));
        }
    }
    format!(
        "insert into customers values {}; insert into orders values {}; insert into tickets values {};",
        customers.join(","),
        orders.join(","),
        tickets.join(",")
    )
}

/// What the Toolbox is told: where the tables are, and a statement for each tool.
fn words(database: &Database) -> Result<Value, Box<dyn Error>> {
    let (source, kind, place, id) = match database {
        Database::Sqlite(path) => {
            let source = json!({"kind": "sqlite", "database": path});
            (source, "sqlite-sql", String::new(), "?")
        }
        Database::Postgres { url, schema } => {
            let place = format!("{schema}.");
            (postgres(url)?, "postgres-sql", place, "$1")
        }
    };
    let tool = |description: &str, statement: String| {
        json!({
            "kind": kind, "source": "shop", "description": description, "statement": statement,
            "parameters": [{"name": "customer_id", "type": "integer", "description": "The customer's number"}],
        })
    };
    Ok(json!({"sources": {"shop": source}, "tools": {
        "get_customer": tool("Who a customer is", format!(
            "select id, user_id, email, name, phone, plan, city, country from {place}customers where id = {id}")),
        "recent_orders": tool("A customer's ten newest orders", format!(
            "select id, placed_at, total_cents, currency, status, products from {place}orders
             where customer_id = {id} order by placed_at desc limit 10")),
        "open_tickets": tool("A customer's newest tickets that are not closed", format!(
            "select id, opened_at, status, priority, channel, subject from {place}tickets
             where customer_id = {id} and status in ('open', 'pending') order by opened_at desc limit 5")),
    }}))
}

/// The server of a URL, reached the way that acquaint reaches it.
fn postgres(url: &str) -> Result<Value, Box<dyn Error>> {
    let options = PgConnectOptions::from_str(url)?;
    let user = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'));
    let password = user.and_then(|(user, _)| user.split_once(':'));
    let mut source = json!({
        "kind": "postgres",
        "host": options.get_host(),
        "port": options.get_port().to_string(),
        "database": options.get_database().unwrap_or(options.get_username()),
        "user": options.get_username(),
        // It insists on one.
        "password": password.map_or("none", |(_, password)| password),
    });
    if let Some(socket) = options.get_socket() {
        source["queryParams"] = json!({"host": socket});
    }
    Ok(source)
}

/// A call of one of its tools for a customer.
pub fn call(tool: &str, customer: usize) -> Vec<u8> {
    let body = json!({"customer_id": customer}).to_string();
    post(&format!("/api/tool/{tool}/invoke"), "", &body)
}

/// Every tool finds the first customer's rows; the Toolbox may say 200 to a statement that failed.
async fn check(server: &Server) -> Result<(), Box<dyn Error>> {
    let mut client = Client::connect(server.port).await?;
    for (_, tool) in TOOLS {
        let (status, body) = client.send(&call(tool, 0)).await?;
        let text = String::from_utf8_lossy(body);
        if status != 200 || !text.contains("\"result\"") {
            return Err(format!("the Toolbox answers {tool} with {status}: {text}").into());
        }
    }
    Ok(())
}
