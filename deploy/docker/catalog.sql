-- A plain role, so that row security holds for it.
create role integrum login;
create database integrum owner integrum;
